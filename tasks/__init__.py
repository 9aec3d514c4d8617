"""One retryable step each: `@step` states retries and timeout, the body calls one service and returns counts.

May import prefect, laurels.services, laurels.errors and models.values; only `run` and `landing`, where a step meets
the world, read settings and the clock. To add one: imitate
`tasks/activity.py`.
"""
