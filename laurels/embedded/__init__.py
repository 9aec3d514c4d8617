"""Real PostgreSQL and Valkey from wheels, for a laptop, the demo and the tests; and the keys made once.

`with servers(settings) as at:` is the way in: it starts what does not run and stops what nobody uses.
"""

from laurels.embedded.keys import master_key
from laurels.embedded.lifecycle import Servers, remove, running, servers

__all__ = ["Servers", "master_key", "remove", "running", "servers"]
