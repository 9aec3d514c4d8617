"""Files: read as a stream of records in bounded memory, and looked at as a whole. Nothing is judged here.

`reading` has the two entrances; one file a format beside it. A row that cannot be told apart is one
`RefusedRow` and the rest goes on; `DataRejectedError` only where the file as a whole cannot be read.
"""
