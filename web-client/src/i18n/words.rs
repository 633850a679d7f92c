//! The names of all sentences. A language that lacks one does not compile.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($part:ident: $of:ident)* } $($key:ident)*) => {
        $(#[$doc])*
        #[derive(Debug)]
        #[expect(missing_docs, reason = "the English sentence is the documentation")]
        #[repr(C)]
        pub struct $name { $(pub $key: &'static str,)* $(pub $part: &'static $of,)* }

        impl $name {
            /// All sentences with their keys.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                let parts: Vec<Vec<(&str, &str)>> = vec![$(self.$part.all()),*];
                [$((stringify!($key), self.$key)),*].into_iter().chain(parts.into_iter().flatten()).collect()
            }

            /// The sentences of a language, in the order of this list; `None` if there are too few.
            pub(super) fn of(sentences: &mut dyn Iterator<Item = &'static str>) -> Option<Self> {
                // In order, as they stand in memory: one copy instead of a step for each, which weighs.
                let mut all = [""; [$(stringify!($key)),*].len()];
                for sentence in &mut all {
                    *sentence = sentences.next()?;
                }
                let [$($key),*] = all;
                Some($name { $($key,)* $($part: Box::leak(Box::new($of::of(sentences)?)),)* })
            }
        }
    };
}

words! {
    /// Every sentence of the page; those of settings are in [`SettingsWords`], those of
    /// terminals and the output view in [`RunWords`].
    Words { settings: SettingsWords runs: RunWords }
    // signing in
    opening opening_first sign_in sign_in_lead user password sign_in_submit signing_in sign_out sign_in_wrong sign_in_wait
    invite_head invite_lead user_rule password_new password_rule password_show invite_submit invite_submitting invite_bad
    user_taken server_unreachable session_ended other_language theme theme_light theme_dark theme_system
    // shell
    rooms runs_files_people close skip_to_composer activity_tab files_tab people_tab online_one online_many
    // rooms
    rooms_head others_head room_new room_new_label room_new_rule room_create cancel join mentions unread private
    // connection
    connection_connecting connection_live connection_catching_up connection_reconnecting_in connection_reconnecting connection_offline_since connection_retry_now connection_reconnect
    connection_signed_out connection_closed connection_label
    // timeline
    timeline_of loading older_loading beginning new_since sending waiting failed retry discard joined left
    unknown_event run_ended run_returned jump_to_latest jump_to_new today yesterday room_failed you_are_not_in
    welcome_head welcome_lead welcome_talk welcome_run welcome_share welcome_write welcome_try welcome_choose welcome_talk_example welcome_run_example
    copy copied
    // what was not sent
    not_sent_offline not_sent_late not_sent_unknown send_now outbox_full storage_full sign_out_failed uploads_queued
    upload_not_added unknown_command commands_head
    // timeline: copying, reactions, dates, folds
    copied_last copy_failed run_again_hint running_again react_more emoji_find emoji_none go_to_day day day_none go names_two
    names_three names_more fold_joined fold_left fold_change fold_changes
    alert_firing alert_resolved alert_more alert_runbook alert_open
    // composer
    message_to run_in hint_run hint_newline hint_drop hint_running hint_no_run too_long send run add_files
    read_only
    // runs
    running run_label stop stopping run_again open ended_ok exit_code ended_signal ended_stopped ended_timeout
    ended_limit ended_lost ended_not_started no_output_yet output_loading truncated processes_left
    output_of stdout_stderr close_output jump_to_bottom
    // files
    drop_here transfers_head transfers_none files_none download size_of upload_waiting upload_hashing
    upload_paused upload_committing upload_done upload_failed left_time per_second dismiss_transfer bad_name
    progress_of folder up
    // now
    running_head running_none recent_head recent_none
    // people
    people_none here away role_viewer role_member role_operator role_admin you
    // errors
    generic_error reload crashed_head crashed_lead dismiss run_not_started room_not_created file_gone
    // conversation
    typing_one typing_two typing_many room_archived room_reader here_about suggestions suggestions_count paste_label paste_summary paste_preview paste_attach
    paste_send edit_label editing replying save hint_commands hint_people react react_with reaction_by reply edit
    delete copy_link line_actions deleted edited repeated_times quoted_earlier ev_invited ev_removed ev_role ev_title
    ev_topic ev_no_topic ev_archived ev_unarchived ev_retention ev_no_retention ev_command_added ev_command_changed ev_command_removed ev_approve_on ev_approve_off ev_refused ev_withdrawn ev_expired
    proposal_label proposal_approve proposal_refuse proposal_withdraw proposal_until proposal_over proposal_by proposal_approved proposal_terminal key_jump key_keys key_send key_line
    key_commands key_names key_run key_edit_last key_rooms key_messages key_reply key_edit key_delete key_close
    shortcuts_head room_private_label room_settings dm_new dm_to dm_go dms_head
    archived delete_head delete_lead leave_head leave_lead leave
    room_role_reader room_role_owner
    bot not_here not_here_all jump_head jump_placeholder
    jump_button jump_hint searching search hits_none hit_lines hits_count hits_more hits_behind filters filter_where filter_all_rooms
    filter_here filter_kind filter_all_kinds kind_message kind_run kind_output kind_file filter_when filter_any_time
    filter_day filter_week filter_month filter_range filter_from filter_to filter_by
    // settings, and errors of the server
    day_one day_many err_detail err_retry err_request err_unauthorized err_forbidden
    err_not_found err_conflict err_too_large err_rate err_busy err_version err_internal
    // other
    mention_one clear_done folder_unreadable too_many_files invite_signed_in menu_label language notify_ask not_now
}

words! {
    /// The sentences of settings.
    SettingsWords {}
    settings_general danger_head retention_wrong retention_head retention_lead retention_yes archive_head archive_lead remove_head
    remove_lead hook_remove_head hook_remove_lead notify_on notify_off notify_denied notify_unknown notify_turn_on room_title
    room_topic room_retention archive unarchive notify_label notify_all notify_mentions notify_nothing invite invite_label role_of
    remove remove_who hooks_head hooks_lead hook_name hook_add hook_unused hook_used hook_url_notice
    // settings: account
    status_hint password_item password_head password_lead password_current password_missing password_same password_wrong
    password_changed sessions_item sessions_head session_this session_connected session_unnamed session_since
    token_since session_end session_end_head token_end_head session_end_lead sessions_end_others sessions_end_head
    sessions_end_lead
    commands_lead command_add command_edit_label command_remove_head command_remove_lead command_name command_name_rule command_about
    command_argv command_argv_hint command_pattern command_default command_cwd command_allow allow_members
    allow_operators allow_owners command_approve
    hook_secret hook_secret_hint hook_secret_rule hook_mentions hook_may_mention hook_signed
    rules_head rules_lead rule_who rule_what rule_all_hosts rule_all_rooms rule_head rule_takes rule_yes rule_remove_head
    rule_remove_lead rule_last
}

words! {
    /// The sentences of terminals, input and the output view.
    RunWords {}
    isolation limit_cpu limit_memory limit_processes limit_file_size limit_output ended_idle ended_oom terminal_open terminal_play terminal_new terminal_failed input_of input_free input_ask input_take input_give input_line
    input_end input_end_hint run_options run_tty run_tty_hint run_stdin run_stdin_hint run_merge run_merge_hint
    run_detach run_detach_hint run_kept run_host hosts_head host_load host_free host_seen host_running host_away output_find output_next output_previous output_error output_streams
    output_both output_missing output_error_back output_wrap output_times output_finding output_link output_place
    output_at output_follow output_failed
    commands command_runs command_approved
    // rules
    ev_rule_made ev_rule_made_on ev_rule_removed ev_rule_removed_on right_run right_run_named right_approve
}
