//! Only there so that `links` refuses two versions of the kernel in one build.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
