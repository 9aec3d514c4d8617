"""When and in what order: one Prefect flow per business event, each a table of contents.

May import prefect, tasks, laurels.errors and the types of what services report; no vendor, no SQL, no rule in
line. Call tasks, not other flows: a subflow costs seconds. To add one: copy the shape of `flows/activity.py`
and declare it in `prefect.yaml` by its module path.
"""
