"""The business. Never imports Prefect.

Imports go down only: web | cli -> services -> stores | quality | channels | platforms -> rules -> models.values.
"""
