//! Whether the user may run or approve, as far as the page knows. The server decides, and its refusal says why: rules that
//! restrict an operator are not asked for.

use wardroom_client_core::protocol::messages::{Answer, Right, RightsList, RightsListed};
use wardroom_client_core::protocol::{Role, RoomName, UserName};
use yew::prelude::*;

use crate::hooks::use_engine;

/// Returns true for operators, and for members whom a rule names, once the rules have arrived.
#[hook]
pub fn use_right(room: &RoomName, right: Right) -> bool {
    let engine = use_engine();
    let is_named = use_state_eq(|| false);
    let role = engine.read(|client| client.you().map(|you| you.role));
    use_effect_with((room.clone(), role), {
        let (engine, is_named) = (engine.clone(), is_named.setter());
        move |(room, role): &(RoomName, Option<Role>)| {
            is_named.set(false);
            if let (Some(Role::Member), Ok(user)) = (role, UserName::parse(engine.user())) {
                let on = Callback::from(move |answer: Result<Answer, _>| {
                    let listed = answer.ok().and_then(|answer| answer.fields::<RightsListed>().ok());
                    is_named.set(listed.is_some_and(|listed| listed.rules.iter().any(|rule| rule.right == right)));
                });
                let list = RightsList { room: Some(room.clone()), user: Some(user), ..RightsList::default() };
                engine.request(list, on);
            }
        }
    });
    *is_named || role >= Some(Role::Operator)
}
