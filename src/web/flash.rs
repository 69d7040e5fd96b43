//! One message that survives one redirect: a word in a cookie, and a number where one is told, never text from outside.

use super::chrome;
use super::view::{Tone, counted};

const DELETED: &str = "secrets-deleted-";

macro_rules! flashes {
    ($($name:ident $word:literal $tone:ident $text:literal;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Flash {
            $($name),+,
            /// So many at once.
            SecretsDeleted(u16),
        }

        impl Flash {
            pub fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$name),)+
                    _ => Some(Self::SecretsDeleted(word.strip_prefix(DELETED)?.parse().ok()?)),
                }
            }

            pub fn word(self) -> String {
                match self {
                    $(Self::$name => $word.to_owned(),)+
                    Self::SecretsDeleted(number) => format!("{DELETED}{number}"),
                }
            }

            pub fn shown(self) -> chrome::Flash {
                let (tone, text) = match self {
                    $(Self::$name => (Tone::$tone, $text.to_owned()),)+
                    Self::SecretsDeleted(number) => {
                        let secrets = counted(number.into(), "secret", "secrets");
                        (Tone::Good, format!("Deleted {secrets}, with all their values."))
                    }
                };
                chrome::Flash { tone, text }
            }
        }
    };
}

flashes! {
    Welcome "welcome" Good "Welcome. This is your workspace: begin with its first key.";
    SecretStored "secret-stored" Good "The key is on its hook. Nobody will see its value again.";
    SecretTrimmed "secret-trimmed" Info "The key is on its hook. Spaces or line ends around what you entered were taken away.";
    ShareSaved "share-saved" Good "Saved. It counts from the very next request.";
    CalendarClosed "calendar-closed" Good "The link is taken back. Whoever has it reads nothing more.";
    ReminderSnoozed "reminder-snoozed" Good "Put off. You hear of it again when that time is over.";
    ReminderGone "reminder-gone" Info "It has no date any more that you would be reminded of.";
    ImportCancelled "import-cancelled" Good "The import is given up, and what was pasted is destroyed. Nothing of it is stored.";
    SecretDeleted "secret-deleted" Good "The secret is deleted and its value destroyed.";
    SecretsGone "secrets-gone" Info "Nothing was deleted now: these secrets are gone already.";
    NothingChosen "nothing-chosen" Info "Nothing is chosen. Mark the secrets that are to be deleted first.";
    NodeTypeAdded "node-type-added" Good "The node type is added. Keys can be stored for it now.";
    NodeTypeEnabled "node-type-enabled" Good "The node type is enabled. Its secrets can be used again, from the very next request.";
    ClientStored "client-stored" Good "The client is saved. Accounts can be connected with it now.";
    ClientRemoved "client-removed" Good "The client is removed, and its secret is destroyed.";
    AccountForgotten "account-forgotten" Good "Disconnected. Its tokens are destroyed here, and the provider confirmed that it forgot them too.";
    AccountKept "account-kept" Warn "Disconnected, and its tokens are destroyed here. The provider did not confirm that it forgot them: take the access back there too.";
    AccountConnected "account-connected" Good "The account is connected. What was granted stands below.";
    NodeTypeDisabled "node-type-disabled" Good "The node type is disabled. From the very next request nothing of it is used.";
    NodeTypeDescribed "node-type-described" Good "The description is saved.";
    NodeTypeRemoved "node-type-removed" Good "The node type is removed, and its secrets are deleted with their values.";
    CustomApiMade "custom-api-made" Good "The custom API is added. Keys can be stored for it now.";
    CustomApiToConnect "custom-api-to-connect" Good "The custom API is added. Set up its client next: then accounts can be connected.";
    CustomApiOfClients "custom-api-of-clients" Good "The custom API is added. Client credentials can be stored for it now.";
    CustomApiAsksElsewhere "custom-api-asks-elsewhere" Warn "The custom API is described anew. Its clients are destroyed: set them up again, then its accounts can be connected again.";
    CustomApiChanged "custom-api-changed" Good "The custom API is described anew.";
    CustomApiMoved "custom-api-moved" Warn "The custom API is described anew. Its secrets are disconnected until somebody enters their values, or connects the accounts, again.";
    DomainOpened "domain-opened" Good "Whoever shows an address of this domain at a provider joins from now on.";
    DomainClosed "domain-closed" Good "From now on people of this domain have to be invited. Whoever is here stays.";
    DomainRefused "domain-refused" Bad "This workspace cannot be opened to the domain of your address.";
    ConnectPageChanged "connect-page-changed" Good "The connect page is saved. It counts for pages that are opened from now on.";
    ReturnAddressesChanged "return-addresses-changed" Good "End users are sent back there, and nowhere else.";
    AddersChanged "adders-changed" Good "It counts from the very next request who may add node types.";
    ValueReplaced "value-replaced" Good "The new value is on the hook. Everything that uses the secret goes on with it.";
    ValueTrimmed "value-trimmed" Info "The new value is on the hook. Spaces or line ends around what you entered were taken away.";
    NextStored "next-stored" Good "The next value waits beside the one in use. Promote it when the time has come.";
    NextPromoted "next-promoted" Good "The next value is in use now. You can go back to the earlier one for 24 hours.";
    NextDropped "next-dropped" Good "The next value is destroyed. Nothing has changed for those who use the secret.";
    NextOver "next-over" Bad "The last day of the next value is over. Drop it and enter another one.";
    RolledBack "rolled-back" Good "The earlier value is in use again, and the one that had followed it is destroyed.";
    ValuesChanged "values-changed" Info "Nothing was done: the values have changed since you opened the page.";
    SecretRenamed "secret-renamed" Good "The secret has its new name. Nothing else has changed.";
    FoundWell "found-well" Good "Noted. It is told of again only if something new comes about.";
    DatesChanged "dates-changed" Good "The dates are set.";
    DeliveryNarrowed "delivery-narrowed" Good "The value does not leave any more, from the very next request.";
    SecretDisconnected "secret-disconnected" Good "The secret is disconnected and its value destroyed. Its place is kept.";
    HoldsNothing "holds-nothing" Info "It holds no value that could be taken away.";
    ProbeVerified "probe-verified" Good "It works: the provider took the key.";
    ProbeRejected "probe-rejected" Bad "The provider refused the key. Below stands what to do.";
    ProbeUnreachable "probe-unreachable" Warn "The provider could not be asked. Below stands how far the test came.";
    ProbeUntestable "probe-untestable" Info "The test could not tell whether the key works. Below stands why.";
    ProbeTooOften "probe-too-often" Warn "It was tested often lately. Wait a quarter of an hour, then test it again.";
    ProbeNothing "probe-nothing" Info "There is nothing that could be tested now.";
    WorkspaceMade "workspace-made" Good "This is your new workspace: begin with its first key.";
    WorkspaceRenamed "workspace-renamed" Good "The workspace has a new name. Its old address leads here.";
    SharingChanged "sharing-changed" Good "New secrets begin with the other sharing. Those that are there stay as they are.";
    WorkspaceDeleted "workspace-deleted" Good "The workspace is deleted, with everything that was in it.";
    InvitationSent "invitation-sent" Good "The invitation is on its way.";
    InvitationRevoked "invitation-revoked" Good "The invitation is revoked. Its link is good for nothing any more.";
    InvitationDeclined "invitation-declined" Info "You have declined the invitation.";
    InvitationGone "invitation-gone" Info "That invitation is not open any more.";
    Joined "joined" Good "Welcome. You are a member of this workspace now.";
    RoleChanged "role-changed" Good "The role is changed. It counts from the very next request.";
    WorkflowMade "workflow-made" Good "The workflow is registered. Add its nodes, and choose a key for each.";
    WorkflowRenamed "workflow-renamed" Good "The workflow has its new name.";
    WorkflowDeleted "workflow-deleted" Good "The workflow is deleted with its nodes. The keys stay where they are.";
    NodeAdded "node-added" Good "The node is added. Choose the key that it uses.";
    NodeRemoved "node-removed" Good "The node is removed. Its key stays where it is.";
    NodeBound "node-bound" Good "The node uses this key from now on.";
    NodeUnbound "node-unbound" Good "The node uses no key any more.";
    RunnerAdded "runner-added" Good "The token may run this workflow from now on.";
    RunnerRemoved "runner-removed" Good "The token may not run this workflow any more.";
    TokenShown "token-shown" Info "This token was made already. Its text was shown once, when it was made.";
    TokenRenewed "token-renewed" Info "This token has its new text already. It was shown once, when it was made.";
    OldTextEnded "old-text-ended" Good "The old text is refused from now on. The new one works as before.";
    TokenOver "token-over" Info "A token that has expired or was revoked gets no new text. Make another token.";
    TokenRevoked "token-revoked" Good "The token is revoked. The next request with it is refused.";
    AllDisconnected "all-disconnected" Good "All of it is disconnected, and the values are destroyed. The places are kept.";
    NothingConnected "nothing-connected" Info "Nothing is connected that could be disconnected.";
    AllForgotten "all-forgotten" Good "All of it is disconnected. The tokens are destroyed here, and the providers confirmed that they forgot them too.";
    AllKept "all-kept" Warn "All of it is disconnected and destroyed here. Not every provider confirmed that it forgot its tokens: whose accounts they are can take the access back there.";
    OutsiderDeleted "outsider-deleted" Good "Deleted, with every connection and its values.";
    OutsiderForgotten "outsider-forgotten" Good "Deleted, with every connection. The providers confirmed that they forgot the tokens too.";
    OutsiderKept "outsider-kept" Warn "Deleted, with every connection. Not every provider confirmed that it forgot its tokens: whose accounts they are can take the access back there.";
    WebhookShown "webhook-shown" Info "This webhook was made already. Its signing key was shown once, when it was made.";
    WebhookChanged "webhook-changed" Good "The webhook is changed. What waits goes to its new address.";
    WebhookPaused "webhook-paused" Good "The webhook is paused. Nothing is sent to it until you resume it.";
    WebhookResumed "webhook-resumed" Good "Events are sent to it again, and first of all those that waited.";
    WebhookDeleted "webhook-deleted" Good "The webhook is deleted, with its signing key and the log of its deliveries.";
    WebhookTested "webhook-tested" Good "A test event is on its way. What comes of it stands in the log in a moment.";
    WebhookSentAgain "webhook-sent-again" Good "It is sent again, as the same event. What comes of it stands in the log in a moment.";
    WebhookUnderWay "webhook-under-way" Info "It is being sent at this moment. What comes of it stands in the log in a moment.";
    WebhookIsPaused "webhook-is-paused" Info "Nothing was sent: the webhook is paused. Resume it first.";
    WebhookTooOften "webhook-too-often" Warn "Nothing was sent: too much was sent by hand lately. Wait ten minutes, then try again.";
    KeyChanged "key-changed" Info "No key was made: the webhook has had another one since you opened the page.";
    KeyTookOver "key-took-over" Good "The new key signs from now on, and the old one is destroyed.";
    TrialQueued "trial-queued" Good "A trial letter is on its way to you. If it cannot leave, it stands below with the reason.";
    JobRetried "job-retried" Info "It is tried again. If it fails once more, it stands below with the reason.";
    JobUnderWay "job-under-way" Info "It is being tried again already.";
    JobDiscarded "job-discarded" Good "It is given up and deleted.";
    RotationStarted "rotation-started" Good "The round has begun, and the owners are written to.";
    RotationReminded "rotation-reminded" Good "Those who have something left are written to once more.";
    RotationClosed "rotation-closed" Good "The round is closed. What was left is not asked for any more.";
    NameChanged "name-changed" Good "Your name is changed, everywhere at once.";
    PasswordChanged "password-changed" Good "Your password is changed, and your other sessions are signed out.";
    PasswordReset "password-reset" Good "Your new password is set, and you are signed out everywhere. Sign in with it.";
    AccountMade "account-made" Good "Your account is made. Make a workspace of your own, or wait until somebody lets you into theirs.";
    EmailAsked "email-asked" Good "A letter is on its way to the new address. Your address changes when its link is used.";
    EmailChanged "email-changed" Good "Your address is changed. You sign in with the new one from now on.";
    SignInLinked "sign-in-linked" Good "It is linked: from now on it opens your account too.";
    SignInUnlinked "sign-in-unlinked" Good "It is unlinked, and does not open your account any more.";
    SignInOnly "sign-in-only" Warn "It is the only way into your account. Set a password or link another one first.";
    Confirmed "confirmed" Good "Thank you. For ten minutes nobody asks you again.";
    SessionEnded "session-ended" Good "The session is signed out.";
    SessionsEnded "sessions-ended" Good "All your other sessions are signed out.";
    SignedOut "signed-out" Info "You are signed out.";
}
