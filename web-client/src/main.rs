//! The program that Trunk builds. Everything is in the library, so that it can be tested.

fn main() {
    wardroom_web_client::start();
}
