//! The tables of how people come in besides by password.

diesel::table! {
    identities (id) {
        id -> Text,
        issuer -> Text,
        subject -> Text,
        person_id -> Text,
        provider -> Text,
        address -> Nullable<Text>,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    workspace_domains (workspace_id, domain) {
        workspace_id -> Text,
        domain -> Text,
        created_at -> BigInt,
    }
}
