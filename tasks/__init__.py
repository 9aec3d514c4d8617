"""One retryable step each: `@step` states retries and timeout, the body calls one service and returns counts.

May import prefect, laurels.services, laurels.errors and models.values. To add one: imitate
`tasks/activity.py`.
"""
