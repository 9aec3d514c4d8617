"""When and in what order: one Prefect flow per business event, each a table of contents.

May import prefect, tasks, other flows, laurels.settings and models.values; no vendor, no SQL, no rule in line.
To add one: copy the shape of `flows/activity.py` and declare it in `prefect.yaml` by its module path."""
