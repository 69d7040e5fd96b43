//! How the domain's types stand in columns: ids and words as text, moments as whole microseconds.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromStaticSqlRow, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Nullable, SingleValue, Text};

use crate::domain::audit::ChainKind;
use crate::domain::secret::{ConnectionRole, Slot};
use crate::domain::*;

/// The glue that diesel's derives write, for types that must not know diesel.
macro_rules! column {
    ($type:ty as $sql:ty) => {
        impl AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl AsExpression<Nullable<$sql>> for $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<$sql> for &'a $type {
            type Expression = Bound<$sql, &'a $type>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'a> AsExpression<Nullable<$sql>> for &'a $type {
            type Expression = Bound<Nullable<$sql>, &'a $type>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<DB: Backend> ToSql<Nullable<$sql>, DB> for $type
        where
            $type: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(self, out)
            }
        }
        impl<ST, DB> Queryable<ST, DB> for $type
        where
            DB: Backend,
            ST: SingleValue,
            $type: FromStaticSqlRow<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    };
}

macro_rules! trusted_text {
    ($($type:ty),+ $(,)?) => {$(
        column!($type as Text);
        impl<DB: Backend> ToSql<Text, DB> for $type where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<Text, DB>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $type where String: FromSql<Text, DB> {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                String::from_sql(bytes).map(Self::trusted)
            }
        }
    )+};
}

macro_rules! word_text {
    ($($type:ty),+ $(,)?) => {$(
        column!($type as Text);
        impl<DB: Backend> ToSql<Text, DB> for $type where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<Text, DB>::to_sql(self.as_str(), out)
            }
        }
        impl<DB: Backend> FromSql<Text, DB> for $type where String: FromSql<Text, DB> {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse()?)
            }
        }
    )+};
}

trusted_text!(
    WorkspaceId,
    PersonId,
    SessionId,
    NodeTypeId,
    SecretId,
    ValueId,
    DataKeyId,
    TokenId,
    EndUserId,
    EventId,
    OrganizationId,
    LinkId,
    ChainId,
    JobId,
    InvitationId,
    WorkflowId,
    NodeId,
    RotationId,
    ImportId,
    FlowId,
    ConnectSessionId,
    CalendarId,
    IdentityId,
    WebhookId,
    DeliveryId,
    Email,
    Name,
    Slug,
    Scopes,
);
word_text!(Role, Environment, Method, Kind, Sharing, Delivery, Slot, ConnectionRole, ChainKind, JobKind);
word_text!(Adders, rotation::Done, TroubleBy, TroubleWhy);
word_text!(Finding, Hindrance, TellKind, unusual::Oddity);
word_text!(webhook::DeliveryState, webhook::Reply, connect_session::Shade);

/// Lists that are written as texts; a text that is none is an error, not an empty list.
macro_rules! listed_text {
    ($($type:ty),+ $(,)?) => {$(
        column!($type as Text);
        impl<DB: Backend> FromSql<Text, DB> for $type where String: FromSql<Text, DB> {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse()?)
            }
        }
    )+};
}

listed_text!(Abilities, Calls, NodeTypes, Networks, webhook::Kinds);

column!(Moment as BigInt);

impl<DB: Backend> ToSql<BigInt, DB> for Moment
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        ToSql::<BigInt, DB>::to_sql(self.micros_ref(), out)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for Moment
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self::from_micros)
    }
}
