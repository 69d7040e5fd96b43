//! Randomness as a part that is passed in, so that tests own it.

pub trait Chance: Send + Sync + 'static {
    /// Fills the buffer with bytes that nobody can foresee.
    fn fill(&self, buffer: &mut [u8]);
}
