"""Who worked a batch: a flow run, or a process"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("holder", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("Migrations go forward only: restore a backup to go back")
