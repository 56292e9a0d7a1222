"""Column types, the naming convention, and the columns that every act has."""

import enum
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.schema import SchemaItem

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A time that is stored aware and read back in UTC, also on databases that drop time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the time in UTC; raise ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return the stored time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(vocabulary: type[enum.Enum], *, checked: bool = True) -> Enum:
    """Return the column type of an enumeration: its values as text, checked by the database."""
    return Enum(
        vocabulary,
        native_enum=False,
        create_constraint=checked,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """The base of all table classes; there is one class for each table, without logic."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        datetime: UTCDateTime,
        str: Text,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, str | None]]: JSON(none_as_null=True),
        Any: JSON(none_as_null=False),
        enum.Enum: words(enum.Enum),
    }


pk = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
now = Annotated[datetime, mapped_column(default=utc_now)]
short = Annotated[str, mapped_column(String(255))]
sha256 = Annotated[str, mapped_column(String(64))]
# With its type, as a select over the table may be built before the tables that it refers to.
review_key = Annotated[UUID, mapped_column(Uuid, ForeignKey("review.id", ondelete="RESTRICT"))]
account_key = Annotated[UUID, mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))]


def within_review(target: str, *columns: str) -> ForeignKeyConstraint:
    """Return a foreign key that cannot point into another review."""
    local = columns[0] if columns else f"{target}_id"
    return ForeignKeyConstraint(
        ["review_id", local], [f"{target}.review_id", f"{target}.id"], ondelete="RESTRICT"
    )


def act_args(table: str, *items: SchemaItem) -> tuple[SchemaItem, ...]:
    """Return the constraints of an act's table: its own, and the reference to its event.

    The event is written last, so the reference to it is checked at the commit.
    """
    return (
        ForeignKeyConstraint(
            ["review_id", "event_number"],
            ["event.review_id", "event.number"],
            ondelete="RESTRICT",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(f"ix_{table}_event", "review_id", "event_number"),
        *items,
    )


class ActRow:
    """The columns that every append-only act carries."""

    id: Mapped[pk]
    event_number: Mapped[int]  # the act's event in the review's log

    @declared_attr
    def review_id(cls) -> Mapped[UUID]:  # noqa: N805
        """The review that the act belongs to."""
        return mapped_column(Uuid, ForeignKey("review.id", ondelete="RESTRICT"))
