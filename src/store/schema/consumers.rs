//! The tables of what uses secrets, and of the rounds in which they are given new values.

diesel::table! {
    workflows (id) {
        id -> Text,
        workspace_id -> Text,
        owner_id -> Text,
        environment -> Text,
        name -> Text,
        name_key -> Text,
        external_id -> Nullable<Text>,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    workflow_tokens (workflow_id, token_id) {
        workflow_id -> Text,
        token_id -> Text,
    }
}

diesel::table! {
    nodes (id) {
        id -> Text,
        workspace_id -> Text,
        workflow_id -> Text,
        key -> Text,
        node_type -> Text,
        secret_id -> Nullable<Text>,
        trouble -> Nullable<Text>,
        trouble_secret -> Nullable<Text>,
        trouble_by -> Nullable<Text>,
        trouble_at -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    rotations (id) {
        id -> Text,
        workspace_id -> Text,
        name -> Text,
        started_by -> Nullable<Text>,
        due_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    rotation_items (rotation_id, secret_id) {
        rotation_id -> Text,
        secret_id -> Text,
        name -> Text,
        node_type -> Text,
        owner_name -> Text,
        done -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
    }
}
