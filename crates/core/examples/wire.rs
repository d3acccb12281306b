//! Prints the TypeScript side of the wire's layout; see `scripts/`.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

fn main() {
    print!("{}", pants_core::wire::typescript());
}
