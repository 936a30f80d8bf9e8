//! Delivery: queues, batches, retries, the spool, and what a result does to a batch
//! (docs/delivery.md, D5 and D6).

mod circuit_breaker;
mod context;
mod destination_queue;
mod dispatcher;
mod in_flight;
mod item_queue;
mod outcome;
mod overflow;
mod spool;
mod transport;

#[cfg(test)]
pub(crate) use circuit_breaker::CircuitBreaker;
pub(crate) use context::DeliveryContext;
pub(crate) use dispatcher::Dispatcher;
pub(crate) use transport::Completion;
