//! The tables of what was used, and of what is unusual about it.

diesel::table! {
    usage_hours (workspace_id, hour, secret_id, token_id, workflow_id) {
        workspace_id -> Text,
        hour -> BigInt,
        secret_id -> Text,
        token_id -> Text,
        workflow_id -> Text,
        node_type -> Text,
        environment -> Text,
        vends -> BigInt,
        calls -> BigInt,
        failures -> BigInt,
        refused -> BigInt,
        limited -> BigInt,
        millis -> BigInt,
        longest -> BigInt,
        sent -> BigInt,
        received -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    secret_origins (secret_id, origin) {
        secret_id -> Text,
        origin -> Text,
        first_at -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    oddities (secret_id, kind) {
        secret_id -> Text,
        kind -> Text,
        token_id -> Nullable<Text>,
        origin -> Nullable<Text>,
        number -> BigInt,
        usual -> Nullable<BigInt>,
        found_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    secret_uses (secret_id, token_id) {
        secret_id -> Text,
        token_id -> Text,
        uses -> BigInt,
        last_used_at -> BigInt,
    }
}
