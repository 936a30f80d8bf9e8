//! What functions stand on: the table and the vendors, all on free ports of this machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crudder_vendors::{HoneycombKey, RollbarToken, Vendors, VendorsConfig};

use crate::StartError;
use crate::config::Settings;
use crate::lock::DataFolder;
use crate::table::Table;
use crate::template::REGION;

/// The table's name where `CRUDDER_TABLE` names no other.
const TABLE: &str = "crudder";

/// Credentials that nobody takes but stand-ins.
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")];

/// Table and vendors, running.
#[derive(Debug)]
pub struct Services {
    pub(crate) folder: DataFolder,
    pub(crate) vendors: Arc<Vendors>,
    table: Table,
    variables: BTreeMap<String, String>,
}

impl Services {
    /// Starts them on the data in `folder`, with the table made and the sample data in it.
    ///
    /// # Errors
    /// When the folder is in use or unusable, or a port can't be had.
    pub async fn start(settings: &Settings, folder: &Path) -> Result<Self, StartError> {
        let folder = DataFolder::take(folder)?;
        let table = Table::on_file(folder.path()).await?;
        let vendors = Vendors::start(VendorsConfig::default()).await.map_err(StartError::Vendors)?;
        let mut variables = settings.variables.clone();
        variables.entry("CRUDDER_TABLE".to_owned()).or_insert_with(|| TABLE.to_owned());
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), table.endpoint());
        variables.extend(vendor_variables(settings, &vendors));
        crate::seed::prepare(&table.endpoint(), &variables["CRUDDER_TABLE"]).await?;
        Ok(Self { folder, vendors: Arc::new(vendors), table, variables })
    }

    /// What a function must be told to find them, beside what Lambda tells it.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// What a lone function must be told, which nobody else tells anything. Vendors' real keys are left out: they are set already.
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
        // Whoever else looks at them is gone by now; were one not, they would end with it.
        if let Some(vendors) = Arc::into_inner(self.vendors) {
            vendors.stop().await;
        }
    }
}

/// The stand-ins' addresses and keys, save for a vendor whose real key is set: that one is sent to as the settings say.
fn vendor_variables(settings: &Settings, vendors: &Vendors) -> BTreeMap<String, String> {
    let mut variables = settings.keys.0.clone();
    if !settings.keys.0.contains_key("HONEYCOMB_API_KEY") {
        variables.insert("HONEYCOMB_API_KEY".to_owned(), HoneycombKey::local().text.reveal().to_owned());
        variables.insert("HONEYCOMB_API_ENDPOINT".to_owned(), vendors.honeycomb.url());
    }
    if !settings.keys.0.contains_key("ROLLBAR_ACCESS_TOKEN") {
        variables.insert("ROLLBAR_ACCESS_TOKEN".to_owned(), RollbarToken::local().text.reveal().to_owned());
        variables.insert("ROLLBAR_ENDPOINT".to_owned(), format!("{}/api/1/item/", vendors.rollbar.url()));
    }
    variables
}
