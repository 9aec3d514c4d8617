"""The one store of personal data: encrypted per member, so that dropping a member's key forgets them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field, SQLModel


class Person(SQLModel, table=True):
    """A member's own key, wrapped by the master key."""

    __tablename__ = "person"

    member_id: UUID = Field(primary_key=True)
    wrapped_key: bytes = Field(sa_type=LargeBinary)


class PersonField(SQLModel, table=True):
    """One personal field, AES-256-GCM under the member's key; the latest observation stands."""

    __tablename__ = "person_field"

    member_id: UUID = Field(primary_key=True)
    field: str = Field(primary_key=True, sa_type=Text)
    ciphertext: bytes = Field(sa_type=LargeBinary)
    fingerprint: bytes = Field(sa_type=LargeBinary, description="Keyed, to see a change without decrypting.")
    observed_at: datetime
