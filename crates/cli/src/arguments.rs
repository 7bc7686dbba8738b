//! What can be asked for. The texts here are the program's manual.

use crate::contacts::{Chat, Contact};
use crate::group::Group;
use crate::span;
use crate::talk::Talk;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Snug without a window: a private messenger for scripts, agents and operators.
///
/// Every result is a line of JSON on stdout: what it is stands under "type", ids under "id", a
/// message's text under "text", names under "name". What goes wrong is said in words on stderr.
/// Exits with 0 when done, 1 when refused or failed, 2 when called wrongly.
#[derive(Debug, Parser)]
#[command(name = "snug-cli", version, arg_required_else_help = true, after_long_help = FIRST_STEPS)]
pub struct Arguments {
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(subcommand)]
    pub command: Command,
}

const FIRST_STEPS: &str = "\
First steps, with a relay on this computer:

  snug-relay --listen 127.0.0.1:7700 --data relay &

  export SNUG_KEYCHAIN=file SNUG_PASSPHRASE='a long sentence'
  snug-cli --data ada account new --name Ada --relay ws://127.0.0.1:7700
  snug-cli --data bo  account new --name Bo  --relay ws://127.0.0.1:7700

  snug-cli --data ada invite new --qr invitation.png
  snug-cli --data bo  invite preview invitation.png
  snug-cli --data bo  invite accept invitation.png
  snug-cli --data ada chats
  snug-cli --data ada send Bo 'Hello Bo'
  snug-cli --data bo  history Ada

Every command connects, does its work and ends. `listen` stays: it tells what happens as it
happens and takes commands on stdin, which is how an agent takes part.";

/// Where the account is.
#[derive(Debug, Args)]
pub struct PlaceArguments {
    /// Directory of the account's data, for one process at a time; a second one waits ten seconds
    #[arg(long, value_name = "DIR", env = "SNUG_DATA", global = true)]
    pub data: Option<PathBuf>,
    /// Where the keys are
    #[arg(
        long,
        value_name = "KIND",
        env = "SNUG_KEYCHAIN",
        value_enum,
        default_value = "os",
        global = true
    )]
    pub keychain: KeychainArgument,
}

/// Where keys can be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KeychainArgument {
    /// The operating system's keychain
    Os,
    /// A file in the data directory, sealed under the passphrase in SNUG_PASSPHRASE
    File,
    /// Nowhere: the keys, and with them the account, end with the process
    Memory,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The account: make one, look at it
    #[command(subcommand)]
    Account(Account),
    /// Meet people: codes one gives, codes one was given
    #[command(subcommand)]
    Invite(Invite),
    /// Groups: make one, see and change who is in it, come in, leave
    ///
    /// CHAT is a chat's id, or its name if no two chats share it; CONTACT and PERSON an account's id, or a
    /// name only one of them has.
    #[command(subcommand)]
    Group(Group),
    /// List all chats: pinned ones, then the newest, archived ones last
    ///
    /// Reads first what has arrived. Without a relay the chats are shown as they were.
    Chats,
    /// Write a message
    ///
    /// Reads first what has arrived, then sends, and returns when the relay has the message on
    /// disk. If the relay cannot be reached, nothing is written.
    Send {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
        /// The message
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Show a chat's messages, oldest first, and mark them as read
    History {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
        /// How many at most, the newest of them
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Only those before a place: the "order" of a message shown earlier
        #[arg(long, value_name = "CURSOR")]
        before: Option<String>,
    },
    /// People: who they are, who is not wanted
    #[command(subcommand)]
    Contact(Contact),
    /// How a chat is kept: pinned, archived, muted
    #[command(subcommand)]
    Chat(Chat),
    #[command(flatten)]
    Talk(Talk),
    /// Tell what happens, a line each, until the time is over or Ctrl-C
    #[command(long_about = LISTEN)]
    Listen {
        /// Stop after this time, such as 10s
        #[arg(long = "for", value_name = "TIME", value_parser = span::parse)]
        time: Option<Duration>,
    },
    /// Let a chat see that one is typing
    Typing {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
        /// Whether one types
        #[arg(value_enum)]
        on: OnOff,
        /// For how long; the command returns when it is over
        #[arg(long = "for", value_name = "TIME", value_parser = span::parse, default_value = "5s")]
        time: Duration,
    },
    /// How one is there, and how others are
    #[command(subcommand)]
    Presence(Presence),
    /// What others are told of one's typing, presence and reading; what is not told is not seen either
    #[command(subcommand)]
    Privacy(Privacy),
    /// How the connection to the home relay goes, in one line; how it is made
    ///
    /// Connects and reads what has arrived first. Counts are those of this command alone.
    Connection {
        #[command(subcommand)]
        change: Option<Connection>,
    },
    /// Codes in pictures
    #[command(subcommand)]
    Qr(Qr),
    /// Relays
    #[command(subcommand)]
    Relay(Relay),
}

const LISTEN: &str = "\
Tell what happens, a line each, until the time is over or Ctrl-C.

The first line is {\"type\":\"listening\"}; then come the connection, others' presence and what waits in
groups as they are. From then on each chat, message, invitation, request, groupInvitation and
connection that is new or different is a line of its \"type\", whole. After the message of a change in a
group comes a line that says it plainly: participant_added, participant_removed, role_changed, left or
renamed. {\"type\":\"pending\"} says which changes one asked for in a group are not done yet, none when
they are. {\"type\":\"gone\"} names what is no more, {\"type\":\"notify\"} what a person should hear of,
{\"type\":\"typing\"} who types or has stopped, {\"type\":\"presence\"} how somebody is there; after
{\"type\":\"resync\"} something was missed: ask for everything anew.

Commands are lines of JSON on stdin. Their \"do\" says what; \"for\" is anything and comes back with the
answer:

  {\"do\":\"chats\",\"for\":1}
  {\"do\":\"send\",\"chat\":\"Bo\",\"text\":\"Hello\",\"for\":2}      answered when the relay has it
  {\"do\":\"read\",\"chat\":\"Bo\",\"message\":\"…\"}               marks as read up to a message, or all
  {\"do\":\"history\",\"chat\":\"Bo\",\"limit\":50,\"before\":\"…\"}  does not mark as read
  {\"do\":\"reply\",\"message\":\"…\",\"text\":\"Yes\"}             and so are those down to timer
  {\"do\":\"edit\",\"message\":\"…\",\"text\":\"Hello Bo\"}
  {\"do\":\"delete\",\"message\":\"…\"}
  {\"do\":\"react\",\"message\":\"…\",\"emoji\":\"👍\"}              without an emoji it is taken back
  {\"do\":\"forward\",\"message\":\"…\",\"chats\":[\"Bo\"]}
  {\"do\":\"timer\",\"chat\":\"Bo\",\"time\":\"24h\"}               or \"off\"
  {\"do\":\"search\",\"text\":\"…\",\"chat\":\"Bo\",\"before\":\"…\"}
  {\"do\":\"details\",\"message\":\"…\"}
  {\"do\":\"typing\",\"chat\":\"Bo\",\"on\":true}                 again every three seconds while it lasts
  {\"do\":\"presence\",\"state\":\"busy\",\"text\":\"…\"}           online, away, busy, invisible
  {\"do\":\"presences\"}
  {\"do\":\"invite\",\"reusable\":true,\"expires\":\"24h\",\"greeting\":\"…\"}
  {\"do\":\"invitations\"}
  {\"do\":\"revoke\",\"id\":\"…\"}
  {\"do\":\"preview\",\"code\":\"SNUG:…\"}
  {\"do\":\"accept\",\"code\":\"SNUG:… or a request's id\"}
  {\"do\":\"decline\",\"code\":\"SNUG:… or a request's id\"}
  {\"do\":\"share\",\"on\":true}
  {\"do\":\"group\",\"what\":\"new\",\"name\":\"Tea\",\"contacts\":[\"Bo\"]}
  {\"do\":\"contact\",\"what\":\"block\",\"contact\":\"Bo\"}
  {\"do\":\"chat\",\"what\":\"mute\",\"chat\":\"Bo\",\"time\":\"8h\"}

The \"what\" of the last three are the commands of `snug-cli group`, `contact` and `chat`, with their
arguments by name.

  {\"type\":\"answer\",\"for\":2,\"ok\":true,\"rows\":[{\"type\":\"message\",…}]}
  {\"type\":\"answer\",\"for\":2,\"ok\":false,\"problem\":\"notFound\",\"error\":\"There is no …\"}

Commands are begun in their order and answered as they are done. While 64 are unanswered no more
are read. The end of stdin ends nothing.";

#[derive(Debug, Subcommand)]
pub enum Account {
    /// Make an account: its keys, and its place on a relay
    New {
        /// The name others see
        #[arg(long)]
        name: String,
        /// The home relay, such as wss://relay.example. Its key is learned now and demanded from then on
        #[arg(long, value_name = "URL", required_unless_present = "here")]
        relay: Option<String>,
        /// Be at home on a relay inside snug-cli, which runs while a command such as `listen` does (see
        /// `relay share`)
        #[arg(long, conflicts_with = "relay")]
        here: bool,
    },
    /// Show the account
    Show,
}

#[derive(Debug, Subcommand)]
pub enum Invite {
    /// Make an invitation; returns when its code works
    ///
    /// Give the "code", the "link" or the picture to one person, over a channel you trust. Whoever
    /// has it can connect.
    New {
        /// Usable again and again: you are asked each time (see `invite list`, `invite accept`)
        #[arg(long)]
        reusable: bool,
        /// Ends after this time, such as 24h
        #[arg(long, value_name = "TIME", value_parser = span::some)]
        expires: Option<Duration>,
        /// A word of welcome, shown before the other side decides
        #[arg(long, value_name = "TEXT", default_value = "")]
        greeting: String,
        /// Also write the code as a picture
        #[arg(long, value_name = "FILE.png")]
        qr: Option<PathBuf>,
    },
    /// Show who invites, without letting them know
    Preview {
        /// A code (SNUG:…), a link (snug:…) or a picture file with one
        code: String,
    },
    /// Connect: ask whoever invites, or let in who asks; returns when the relay has it
    Accept {
        /// A code, link or picture file to ask; or the id of an incoming request (`invite list`) to let it in
        #[arg(value_name = "CODE|REQUEST")]
        code: String,
    },
    /// Say no to who asks, by the request's id
    ///
    /// Who asks is told so. A code is declined by not using it: given one, this only checks it, and
    /// tells nobody.
    Decline {
        /// The id of an incoming request (`invite list`); or a code, link or picture file
        #[arg(value_name = "REQUEST|CODE")]
        code: String,
    },
    /// List one's invitations, and requests either way
    List,
    /// Withdraw an invitation: its code stops working
    Revoke {
        /// The invitation's id
        id: String,
    },
}

/// A switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Yes
    On,
    /// No
    Off,
}

/// A switch that may be left to what holds for everybody.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Switch {
    /// Told, and seen
    On,
    /// Neither told nor seen
    Off,
    /// As for everybody; only for a contact
    Same,
}

/// How one can be there.
#[derive(Clone, Copy, Debug, serde::Deserialize, ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum PresenceArgument {
    /// There
    Online,
    /// Away
    Away,
    /// Not to be disturbed
    Busy,
    /// As if one were not there: no presence and no typing is sent
    Invisible,
}

#[derive(Debug, Subcommand)]
pub enum Presence {
    /// Choose how one is there; it is kept, and shown while a command such as `listen` runs
    Set {
        /// The state
        #[arg(value_enum)]
        state: PresenceArgument,
        /// One's own words, at most 140 characters; "" for none
        #[arg(long, value_name = "TEXT")]
        text: Option<String>,
    },
    /// Show one's own presence, and others'; `listen` follows them
    ///
    /// Who is there is asked, and answers; who is not is shown as last known.
    Show {
        /// How long to wait for answers; the command returns as soon as all have come
        #[arg(long = "for", value_name = "TIME", value_parser = span::parse, default_value = "2s")]
        time: Duration,
    },
}

#[derive(Debug, Subcommand)]
pub enum Privacy {
    /// Show what everybody is told, or what differs for a contact
    Show {
        /// The chat with the contact
        #[arg(long, value_name = "CHAT")]
        contact: Option<String>,
    },
    /// Change what everybody is told, or a contact
    Set {
        /// The chat with the contact
        #[arg(long, value_name = "CHAT")]
        contact: Option<String>,
        /// That one is typing
        #[arg(long, value_enum)]
        typing: Option<Switch>,
        /// How one is there, and when one was last
        #[arg(long, value_enum)]
        presence: Option<Switch>,
        /// That one has read a message
        #[arg(long, value_enum)]
        receipts: Option<Switch>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Connection {
    /// Change how connections are made, or show it
    ///
    /// What is not named stays as it is. A proxy's password comes from SNUG_PROXY_PASSWORD, and is
    /// kept in the encrypted database.
    Set(ConnectionSet),
}

#[derive(Debug, Args)]
pub struct ConnectionSet {
    /// Between two pings: 5s to 300s
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub heartbeat: Option<Duration>,
    /// Without a sign of life a connection is given up: heartbeat + 3s to 600s
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub silence: Option<Duration>,
    /// The first pause between attempts is at most this long: 100ms to 60s
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub shortest_pause: Option<Duration>,
    /// No pause is longer: 1s to 1h
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub longest_pause: Option<Duration>,
    /// none, system (what HTTPS_PROXY, ALL_PROXY and NO_PROXY say), http://HOST:PORT or
    /// socks5://HOST:PORT, such as Tor's socks5://127.0.0.1:9050
    #[arg(long, value_name = "PROXY")]
    pub proxy: Option<String>,
    /// The name the proxy wants
    #[arg(long, value_name = "NAME", requires = "proxy")]
    pub proxy_user: Option<String>,
    /// A closed relay's token, behind its address: wss://relay.example#TOKEN; none forgets it
    #[arg(long, value_name = "ADDRESS#TOKEN")]
    pub relay_token: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Qr {
    /// Print the text of the code in a picture
    Decode {
        /// PNG, JPEG, WebP, GIF or BMP
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum Relay {
    /// Try all a relay must do, as a stranger: a line for each check, with its time
    Check {
        /// The relay, such as wss://relay.example, or wss://relay.example#TOKEN if it is closed
        url: String,
    },
    /// Let others in the local network reach the relay inside snug-cli; or show whether they can
    ///
    /// For accounts made with `account new --here`. It is reached while a command such as `listen` runs;
    /// invitations made while it is on name it, and others find it again at another address.
    Share {
        /// Whether they can
        #[arg(value_enum)]
        on: Option<OnOff>,
    },
}
