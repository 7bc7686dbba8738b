//! The desktop shell: a window, and commands of one line that ask the client.
//!
//! ```text
//! window.rs     the window, there before anything else
//! host.rs       opens the client meanwhile, with a relay inside the application where none is chosen
//! embedded.rs   that relay, and its way to the local network
//! commands.rs   what the page may ask; talk.rs: about chats and messages; contacts.rs: about people;
//!               groups.rs: about groups
//! updates.rs    what the page is told
//! drawing.rs    how the window is drawn where there is no graphics processor
//! ```
//!
//! The page holds no truth and the shell none either: both can be started again at any moment.

mod commands;
mod connection;
mod contacts;
#[cfg(target_os = "linux")]
pub mod drawing;
mod embedded;
mod groups;
mod host;
mod place;
mod presence;
#[doc(hidden)]
pub mod settled;
mod talk;
mod updates;
mod window;

use crate::host::Host;
use crate::place::Place;
use tauri::{Manager as _, RunEvent};
use tauri_specta::{Builder, ErrorHandlingMode, collect_commands, collect_events};

/// Shows the window and stays until it is closed.
///
/// # Errors
/// When there is no display or no web view.
pub fn run() -> tauri::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SNUG_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let bindings = bindings();
    let mut app = tauri::Builder::default();
    if Place::is_usual() {
        // Whoever names a data directory wants a copy of their own, and its window where it falls.
        app = app
            .plugin(tauri_plugin_single_instance::init(|app, _, _| {
                window::show(app)
            }))
            .plugin(tauri_plugin_window_state::Builder::new().build());
    }
    app.plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .invoke_handler(bindings.invoke_handler())
        .setup(move |app| {
            bindings.mount_events(app);
            let place = Place::find(app.handle())?;
            app.manage(Host::new(app.handle().clone(), place.clone()));
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { handle.state::<Host>().begin().await });
            window::open(app.handle(), &place)?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            // The window is gone by now; nobody waits for this but the process.
            if matches!(event, RunEvent::Exit) {
                tauri::async_runtime::block_on(app.state::<Host>().close());
            }
        });
    Ok(())
}

/// What crosses between shell and page; the page's TypeScript is made from it.
fn bindings() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            commands::startup,
            commands::unlock,
            commands::create_account,
            talk::chats,
            talk::messages,
            talk::around,
            talk::at_date,
            talk::send_text,
            talk::edit_message,
            talk::delete_message,
            talk::react,
            talk::forward,
            talk::retry_message,
            talk::discard_message,
            talk::mark_read,
            talk::message_details,
            talk::draft,
            talk::set_draft,
            talk::set_timer,
            talk::search,
            groups::create_group,
            groups::group,
            groups::add_participants,
            groups::remove_participant,
            groups::set_role,
            groups::rename_group,
            groups::describe_group,
            groups::set_group_picture,
            groups::move_group,
            groups::stand_for_admin,
            groups::leave_group,
            groups::cancel_change,
            groups::create_group_invitation,
            groups::group_invitations,
            groups::accept_group,
            groups::decline_group,
            commands::create_invitation,
            commands::invitations,
            commands::revoke_invitation,
            commands::invitation_qr,
            commands::save_invitation_picture,
            commands::code_in_picture,
            commands::code_in_file,
            commands::preview,
            commands::accept,
            commands::requests,
            commands::answer_request,
            contacts::contacts,
            contacts::blocked,
            contacts::block,
            contacts::unblock,
            contacts::refuses_strangers,
            contacts::refuse_strangers,
            contacts::safety_number,
            contacts::verify,
            contacts::verify_code,
            contacts::unverify,
            contacts::set_pinned,
            contacts::set_archived,
            contacts::set_muted,
            commands::connection,
            commands::reconnect,
            connection::connection_settings,
            connection::set_connection_settings,
            connection::connection_details,
            connection::local_network,
            connection::share_on_local_network,
            presence::typing,
            presence::own_presence,
            presence::set_presence,
            presence::idle,
            presence::presences,
            presence::privacy,
            presence::set_privacy,
            presence::contact_privacy,
            presence::set_contact_privacy,
        ])
        .events(collect_events![updates::UpdateEvent])
        .error_handling(ErrorHandlingMode::Throw)
}

#[cfg(test)]
mod tests;
