"""The family over table `measure`: a figure out of its bounds breaks it, and so does one that is not known."""

_REASON = """
case when basis like 'declared%' and name = 'volume' and value < low then 'too_few_rows'
     when basis like 'declared%' and name = 'volume' then 'too_many_rows'
     when basis like 'declared%' and name = 'duplicate_rate' then 'too_many_duplicates'
     when basis like 'declared%' and name = 'refused_rate' then 'too_many_refused'
     when field = '' then name else name || ':' || field end
"""
# PostgreSQL holds NaN for larger than any number: it is out of every bound that there is.
_BROKEN = "(value < low or value > high or (value is null and (low is not null or high is not null)))"


def query(intake_id: int) -> str:
    """Return the query of a file's measures that are out of their bounds, each with reason and severity.

    Where the bound that is broken is one that is declared, the reason is that of the rule about it.
    """
    return (
        f"select name || ':' || field as place, {_REASON} as reason, severity "
        f"from {{batch}} where intake_id = {int(intake_id)} and {_BROKEN}"
    )


def counted(intake_id: int, measures: int) -> str:
    """Return the query that finds something unless the file has so many measures."""
    return (
        f"select count(*) as measures from {{batch}} where intake_id = {int(intake_id)} "
        f"having count(*) <> {int(measures)}"
    )
