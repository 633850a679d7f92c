//! Rules by `/rights`.

use super::{Person, core};

#[tokio::test]
async fn rules_are_listed_made_and_removed_and_what_one_takes_from_others_needs_yes() {
    let core = core().await;
    core.add_users(&[("adm", "admin")]).await;
    let (mut adm, mut ben) = (Person::sign_in(&core, "adm").await, Person::sign_in(&core, "ben").await);
    adm.send("/rights\n").await;
    adm.until("# no rules in general: operators run commands and approve them").await;
    ben.send("/rights\n").await;
    ben.until("# no rules in general that you may see: roles decide who may run commands\n").await;
    adm.send("/rights allow ben run\n").await;
    let told = adm.until("add --yes\n").await;
    assert!(
        told.contains("after this, only ben and admins may run commands in general; 1 person loses that: ann"),
        "{told}"
    );
    ben.send("/rights allow ben run --yes\n").await;
    ben.until("# only admins make rules about run and about hosts").await;
    adm.send("/rights allow ben run --yes\n").await;
    adm.until("# only ben and admins may now run commands in general\n").await;
    ben.until("adm made a rule: ben may run commands here\n").await;
    ben.send("/rights\n").await;
    ben.until("# run        ben                   in general                        by adm ").await;
    adm.send("/rights deny ben run\n").await;
    adm.until("wardroom rights deny ben run --room general --open").await;
    adm.send("/rights deny ben run --open\n").await;
    adm.until("# no rules in general: roles decide again who may run commands there\n").await;
}
