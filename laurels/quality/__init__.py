"""The gate: Great Expectations and where refused rows go."""
