//! What functions stand on: the table and the vendors, all on free ports of this machine.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crudder_fakes::{Fakes, FakesConfig, HoneycombKey, RollbarToken};
use futures::future::join_all;

use crate::StartError;
use crate::config::Settings;
use crate::lock::DataFolder;
use crate::server::Server;
use crate::table::Table;
use crate::tee_proxy::{self, Road};
use crate::template::REGION;

/// The table's name where `CRUDDER_TABLE` names no other.
const TABLE: &str = "crudder";

/// The vendors' own addresses: Honeycomb's without a path, Rollbar's for items.
const HONEYCOMB: &str = "https://api.honeycomb.io";
const ROLLBAR: &str = "https://api.rollbar.com/api/1/item/";

/// Where Rollbar takes items.
const ITEM: &str = "/api/1/item/";

/// Credentials that nobody takes but fakes.
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

/// Table and vendors, running.
#[derive(Debug)]
pub struct Services {
    pub(crate) folder: DataFolder,
    pub(crate) vendors: Arc<Fakes>,
    table: Table,
    relays: Vec<Server>,
    relayed: Vec<&'static str>,
    variables: BTreeMap<String, String>,
}

impl Services {
    /// Starts them on the data in `folder`, with the table made and the sample data in it.
    ///
    /// # Errors
    /// When the folder is in use or unusable, or a port can't be had.
    pub async fn start(settings: &Settings, folder: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::lock(folder)?;
        let table = Table::open(folder.path()).await?;
        let vendors = Fakes::start(FakesConfig::default()).await.map_err(StartError::Fakes)?;
        let mut variables = settings.variables.clone();
        variables.entry("CRUDDER_TABLE".to_owned()).or_insert_with(|| TABLE.to_owned());
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), table.endpoint());
        let (told, relays) = tell(settings, &vendors).await.map_err(StartError::Fakes)?;
        variables.extend(told);
        crate::seed::prepare(&table.endpoint(), &variables["CRUDDER_TABLE"]).await?;
        let named = [("HONEYCOMB_API_KEY", "Honeycomb"), ("ROLLBAR_ACCESS_TOKEN", "Rollbar")];
        let relayed = named.iter().filter(|(key, _)| settings.keys.0.contains_key(*key)).map(|(_, name)| *name);
        Ok(Self { folder, vendors: Arc::new(vendors), table, relays, relayed: relayed.collect(), variables })
    }

    /// The fakes, for whoever looks at what they hold.
    #[must_use]
    pub fn fakes(&self) -> &Fakes {
        &self.vendors
    }

    /// What a function must be told to find them, beside what Lambda tells it.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// The vendors that a relay hands everything on to, since their real key is set.
    pub(crate) fn relayed(&self) -> Vec<&'static str> {
        self.relayed.clone()
    }

    /// What a lone function must be told, which nobody else tells anything. Fakes' real keys are left out: they are set already.
    #[must_use]
    pub fn exports(&self, settings: &Settings) -> BTreeMap<String, String> {
        let mut exports = self.variables.clone();
        exports.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
        exports.insert("AWS_REGION".to_owned(), REGION.to_owned());
        exports.insert("AWS_XRAY_DAEMON_ADDRESS".to_owned(), self.vendors.xray.address().to_string());
        exports.retain(|name, _| !settings.keys.0.contains_key(name));
        exports
    }

    /// Ends them; what is in the table stays in the folder.
    pub async fn stop(self) {
        self.table.stop().await;
        join_all(self.relays.into_iter().map(Server::stop)).await;
        // Whoever else looks at them is gone by now; were one not, they would end with it.
        if let Some(vendors) = Arc::into_inner(self.vendors) {
            vendors.stop().await;
        }
    }
}

/// What the layer is told of the vendors, and the relays in front of those whose real key is set.
async fn tell(settings: &Settings, vendors: &Fakes) -> io::Result<(BTreeMap<String, String>, Vec<Server>)> {
    let honeycomb = Road {
        vendor: settings.variables.get("HONEYCOMB_API_ENDPOINT").map_or(HONEYCOMB, String::as_str).to_owned(),
        stand_in: vendors.honeycomb.url(),
        key_header: "x-honeycomb-team",
        stand_in_key: HoneycombKey::local().text.reveal().to_owned(),
    };
    let rollbar = Road {
        vendor: settings.variables.get("ROLLBAR_ENDPOINT").map_or(ROLLBAR, String::as_str).to_owned(),
        stand_in: format!("{}{ITEM}", vendors.rollbar.url()),
        key_header: "x-rollbar-access-token",
        stand_in_key: RollbarToken::local().text.reveal().to_owned(),
    };
    // These two are asked by whoever holds a key's ARN or finds no daemon; on one machine nobody may ask AWS itself.
    let mut variables = BTreeMap::from([
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), vendors.secrets.url()),
        ("AWS_ENDPOINT_URL_SSM".to_owned(), vendors.secrets.url()),
        ("AWS_ENDPOINT_URL_XRAY".to_owned(), vendors.xray_api.url()),
    ]);
    let mut relays = Vec::new();
    for (key, endpoint, path, road) in [
        ("HONEYCOMB_API_KEY", "HONEYCOMB_API_ENDPOINT", "", honeycomb),
        ("ROLLBAR_ACCESS_TOKEN", "ROLLBAR_ENDPOINT", ITEM, rollbar),
    ] {
        let (base, told) = match settings.keys.0.get(key) {
            Some(real) => {
                let relay = tee_proxy::start(road).await?;
                let base = format!("http://{}{path}", relay.address());
                relays.push(relay);
                (base, real.clone())
            }
            None => (road.stand_in, road.stand_in_key),
        };
        variables.extend([(endpoint.to_owned(), base), (key.to_owned(), told)]);
    }
    Ok((variables, relays))
}
