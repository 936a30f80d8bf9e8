//! The services that functions call: the table and the fakes, each on a free port.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crudder_fakes::{Fakes, FakesConfig, HoneycombKey, RollbarToken};
use futures::future::join_all;

use crate::config::Settings;
use crate::data_folder::DataFolder;
use crate::server::Server;
use crate::settings;
use crate::start_error::StartError;
use crate::table::Table;
use crate::tee_proxy::TeeProxy;
use crate::template::REGION;

/// Rollbar's path for items.
const ITEM: &str = "/api/1/item/";

/// Credentials that only fakes accept.
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

/// The running table and fakes.
#[derive(Debug)]
pub struct Services {
    pub(crate) folder: DataFolder,
    pub(crate) fakes: Arc<Fakes>,
    table: Table,
    tee_proxies: Vec<Server>,
    forwarded_to: Vec<&'static str>,
    variables: BTreeMap<String, String>,
}

impl Services {
    /// Starts the services on the data in `folder`. Creates the table and its sample data.
    ///
    /// # Errors
    /// If the folder is in use or unusable, or no port is free.
    pub async fn start(settings: &Settings, folder: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::lock(folder)?;
        let table = Table::open(folder.path()).await?;
        let fakes = Fakes::start(FakesConfig::default()).await.map_err(StartError::Fakes)?;
        let mut variables = settings.variables.clone();
        let table_name = settings.value(&settings::CRUDDER_TABLE);
        variables.insert("CRUDDER_TABLE".to_owned(), table_name.to_owned());
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), table.endpoint());
        let (exporter_variables, tee_proxies) = start_tee_proxies(settings, &fakes).await.map_err(StartError::Fakes)?;
        variables.extend(exporter_variables);
        crate::seed::prepare(&table.endpoint(), table_name).await?;
        let named = [("HONEYCOMB_API_KEY", "Honeycomb"), ("ROLLBAR_ACCESS_TOKEN", "Rollbar")];
        let forwarded_to = named.iter().filter(|(key, _)| settings.keys.0.contains_key(*key)).map(|(_, name)| *name);
        Ok(Self { folder, fakes: Arc::new(fakes), table, tee_proxies, forwarded_to: forwarded_to.collect(), variables })
    }

    /// Returns the fakes, with what they received.
    #[must_use]
    pub fn fakes(&self) -> &Fakes {
        &self.fakes
    }

    /// Returns the variables with which a function finds the services. Lambda adds its own.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns the vendors that receive everything too, because their API keys are set.
    pub(crate) fn forwarded_to(&self) -> Vec<&'static str> {
        self.forwarded_to.clone()
    }

    /// Returns all variables that a function needs if it runs without an emulator. Real API keys
    /// are left out: the shell has them already.
    #[must_use]
    pub fn exports(&self, settings: &Settings) -> BTreeMap<String, String> {
        let mut exports = self.variables.clone();
        exports.extend(CREDENTIALS.map(|(name, value)| (name.to_owned(), value.to_owned())));
        exports.insert("AWS_REGION".to_owned(), REGION.to_owned());
        exports.insert("AWS_XRAY_DAEMON_ADDRESS".to_owned(), self.fakes.xray.address().to_string());
        exports.retain(|name, _| !settings.keys.0.contains_key(name));
        exports
    }

    /// Stops the services. The table keeps its data in the folder.
    pub async fn stop(self) {
        self.table.stop().await;
        join_all(self.tee_proxies.into_iter().map(Server::stop)).await;
        // The console and the subscribers have stopped before. A fake that is still shared stops
        // when its last user does.
        if let Some(fakes) = Arc::into_inner(self.fakes) {
            fakes.stop().await;
        }
    }
}

/// Starts a tee proxy for each vendor whose API key is set. Returns the variables with which the
/// extension finds the destinations, and the proxies.
async fn start_tee_proxies(settings: &Settings, fakes: &Fakes) -> io::Result<(BTreeMap<String, String>, Vec<Server>)> {
    let honeycomb = TeeProxy {
        vendor: settings.value(&settings::HONEYCOMB_API_ENDPOINT).to_owned(),
        fake: fakes.honeycomb.url(),
        key_header: "x-honeycomb-team",
        fake_key: HoneycombKey::local().text.reveal().to_owned(),
    };
    let rollbar = TeeProxy {
        vendor: settings.value(&settings::ROLLBAR_ENDPOINT).to_owned(),
        fake: format!("{}{ITEM}", fakes.rollbar.url()),
        key_header: "x-rollbar-access-token",
        fake_key: RollbarToken::local().text.reveal().to_owned(),
    };
    // The extension calls these if a key is an ARN, or if no X-Ray daemon answers. On one machine
    // it must never call AWS itself.
    let mut variables = BTreeMap::from([
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), fakes.secrets.url()),
        ("AWS_ENDPOINT_URL_SSM".to_owned(), fakes.secrets.url()),
        ("AWS_ENDPOINT_URL_XRAY".to_owned(), fakes.xray_api.url()),
    ]);
    let mut proxies = Vec::new();
    for (key, endpoint, path, proxy) in [
        ("HONEYCOMB_API_KEY", "HONEYCOMB_API_ENDPOINT", "", honeycomb),
        ("ROLLBAR_ACCESS_TOKEN", "ROLLBAR_ENDPOINT", ITEM, rollbar),
    ] {
        let (address, key_value) = match settings.keys.0.get(key) {
            Some(real_key) => {
                let server = proxy.start().await?;
                let address = format!("http://{}{path}", server.address());
                proxies.push(server);
                (address, real_key.clone())
            }
            None => (proxy.fake, proxy.fake_key),
        };
        variables.extend([(endpoint.to_owned(), address), (key.to_owned(), key_value)]);
    }
    Ok((variables, proxies))
}
