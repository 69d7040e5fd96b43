//! The tables of where events are sent, and of what became of them.

diesel::table! {
    webhooks (id) {
        id -> Text,
        workspace_id -> Text,
        name -> Text,
        environment -> Text,
        address -> Text,
        kinds -> Nullable<Text>,
        key_number -> BigInt,
        key_blob -> Binary,
        key_last_four -> Text,
        key_made_at -> BigInt,
        next_blob -> Nullable<Binary>,
        next_last_four -> Nullable<Text>,
        next_made_at -> Nullable<BigInt>,
        next_from -> Nullable<BigInt>,
        paused_at -> Nullable<BigInt>,
        given_up -> Bool,
        failures -> Integer,
        failing_since -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    deliveries (id) {
        id -> Text,
        webhook_id -> Text,
        event_id -> Text,
        state -> Text,
        tries -> Integer,
        turn -> Integer,
        due_at -> Nullable<BigInt>,
        leased_until -> Nullable<BigInt>,
        last_tried_at -> Nullable<BigInt>,
        finding -> Nullable<Text>,
        status -> Nullable<Integer>,
        answer -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    ends_told (secret_id) {
        secret_id -> Text,
        expires_at -> BigInt,
    }
}
