//! Configures the emulator that runs the functions of the template.

use std::io;
use std::path::{Path, PathBuf};

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig};

use crate::builder::Binaries;
use crate::config::Settings;
use crate::services::Services;
use crate::template::{ACCOUNT, Function, REGION, Template};

/// The binary of the layer. If it was built, every function has it, as on AWS.
const EXTENSION: &str = "crudder-extension";

/// Returns an emulator with every function of the template. The environment of each function
/// holds the addresses of the services.
pub(crate) fn emulator(
    template: &Template,
    binaries: &Binaries,
    services: &Services,
    settings: &Settings,
) -> io::Result<Emulator> {
    clear(services.folder.path())?;
    let mut config = EmulatorConfig::new(folder(services.folder.path()));
    config.region = REGION.to_owned();
    config.account_id = ACCOUNT.to_owned();
    config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
    config.xray_daemon = Some(services.fakes.xray.address());
    config.log_level.clone_from(&settings.log_level);
    config.extensions = binaries.get(EXTENSION).cloned().into_iter().collect();
    let functions = template.functions.iter().filter_map(|function| function_config(function, binaries, services));
    Emulator::new(config, functions.collect())
}

/// Returns `None` if the function has no binary; such a template was rejected before.
fn function_config(function: &Function, binaries: &Binaries, services: &Services) -> Option<FunctionConfig> {
    let mut environment = function.environment.clone();
    environment.extend(services.variables().clone());
    Some(FunctionConfig {
        name: function.name.clone(),
        bootstrap: binaries.get(&function.binary)?.clone(),
        timeout: function.timeout,
        // Lossless: a template with more than 10,240 MB was rejected.
        memory_mb: u32::try_from(function.memory_mb).unwrap_or(u32::MAX),
        environment,
    })
}

/// Removes the folder of the environments: at the start what a killed run left, and at the end.
pub(crate) fn clear(data: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns the folder for the environments. Its name is derived from the data folder, but short:
/// it holds Unix sockets, whose paths are limited. The lock of the data folder protects it too.
fn folder(data: &Path) -> PathBuf {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, data.as_os_str().as_encoded_bytes()).simple().to_string();
    std::env::temp_dir().join(format!("crudder-{}", &id[..12]))
}
