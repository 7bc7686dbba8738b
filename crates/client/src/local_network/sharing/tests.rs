//! What is told while the network changes. The addresses are nobody's here: nothing is announced.

use super::*;
use crate::DataDir;
use crate::local_network::DoorFuture;
use crate::view;
use snug_wire::RelayKey;
use std::sync::Mutex as Shared;
use tokio::task::JoinSet;

/// Always at the same port.
struct Open;

impl Door for Open {
    fn open(&self, _port: u16) -> DoorFuture<'_, Result<u16, String>> {
        Box::pin(std::future::ready(Ok(7_705)))
    }

    fn close(&self) -> DoorFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

type Address = Arc<Shared<Option<IpAddr>>>;

fn sharing(data: DataDir, address: &Address) -> (Sharing, mpsc::Receiver<Call>) {
    let (calls, called) = mpsc::channel(64);
    let relay = RelayAddress {
        url: "ws://127.0.0.1:7700".into(),
        key: RelayKey([7; 32]),
    };
    let address = Arc::clone(address);
    let sharing = Sharing {
        own: Arc::new(move || *address.lock().unwrap()),
        door: Arc::new(Open),
        calls,
        data: Arc::new(Shared::new(Some(data))),
        published: Published::new(view::connection_at_first(None, Some(&relay), 0)),
        state: Mutex::default(),
        row: watch::Sender::new(LocalNetworkRow::default()),
        relay,
    };
    (sharing, called)
}

#[tokio::test]
async fn codes_name_the_address_of_now() {
    let place = tempfile::tempdir().unwrap();
    let address: Address = Arc::default();
    let data = DataDir::open(place.path()).await.unwrap();
    let (sharing, mut called) = sharing(data, &address);
    // The engine is not there: how often it is told is counted.
    let mut engine = JoinSet::new();
    engine.spawn(async move {
        let mut told = 0;
        while called.recv().await.is_some() {
            told += 1;
        }
        told
    });
    let mut updates = sharing.published.updates.subscribe();
    let is_at = async |at: &str| {
        *address.lock().unwrap() = at.parse().ok();
        sharing.begin().await;
        sharing.told().url
    };
    let here = "ws://127.0.0.1:7700";
    assert_eq!(
        is_at("192.168.222.5").await,
        here,
        "off, whatever the network"
    );
    sharing.switch(true).await.unwrap();
    assert_eq!(sharing.told().url, "wss://192.168.222.5:7705");
    assert_eq!(is_at("192.168.222.5").await, "wss://192.168.222.5:7705");
    assert_eq!(is_at("10.222.0.9").await, "wss://10.222.0.9:7705");
    assert_eq!(is_at("fd00:222::9").await, "wss://[fd00:222::9]:7705");
    assert_eq!(is_at("").await, here, "nowhere");
    let row = sharing.row.borrow().clone();
    assert!(row.on && row.address.is_none() && row.problem.is_none());
    assert_eq!(is_at("10.222.0.9").await, "wss://10.222.0.9:7705");
    sharing.switch(false).await.unwrap();
    assert_eq!(sharing.told().url, here);

    let mut seen = Vec::new();
    while let Ok(Update::LocalNetwork { row }) = updates.try_recv() {
        seen.push(row.address.unwrap_or_else(|| row.on.to_string()));
    }
    let one = "192.168.222.5:7705";
    let (two, three) = ("10.222.0.9:7705", "[fd00:222::9]:7705");
    assert_eq!(seen, [one, two, three, "true", two, "false"]);
    drop(sharing);
    // Each address once, and that it is over.
    assert_eq!(engine.join_next().await.unwrap().unwrap(), 5);
}
