//! From text to [`Config`]: the file as a whole, and its short sections.

use std::path::Path;

use toml::de::DeTable;

use super::continua::ContinuaKeys;
use super::declared::Declared;
use super::geometry::GeometryKeys;
use super::model::{
    CiaKeys, Config, GridKeys, GridSampling, OutputKeys, SpeciesKeys, StarKeys, StarSpectrumKeys, TransferKeys,
};
use super::reader::{Document, Item, POSITIVE, Section, needed};
use super::{atmosphere, continua, method, retrieval, species};
use crate::gpu::MemoryPolicy;
use crate::opacity::{Continuum, HMinus, Rayleigh};
use crate::scenario::limits;
use crate::scenario::source::CacheChoice;
use crate::units::{PARSEC_CM, RADIUS_SUN_CM, SpectralAxis};
use crate::{Error, Result};

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// The file cannot be read or is not UTF-8; or as [`Config::parse`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::parse(path, &Self::read(path)?)
    }

    /// The text of a configuration file.
    pub(super) fn read(path: &Path) -> Result<String> {
        let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, e))?;
        String::from_utf8(bytes).map_err(|e| {
            let sound = &e.as_bytes()[..e.utf8_error().valid_up_to()];
            let line = 1 + sound.iter().filter(|b| **b == b'\n').count() as u64;
            Error::parse(path, line, "not UTF-8 text; a configuration in TOML is required")
        })
    }

    /// A configuration from its text; `path` is for messages and for resolving relative paths.
    ///
    /// # Errors
    /// [`Error::Parse`] with a line where the text is not TOML, [`Error::Config`] with a key where a value is unknown,
    /// missing or out of range.
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        let none = Declared::default();
        let doc = Document { path, text, parameters: &none };
        let table = DeTable::parse(text).map_err(|e| {
            let line = e.span().map(|s| doc.line(s.start));
            Error::parse(path, line, format!("not valid TOML: {}", e.message().replace('\n', "; ")))
        })?;
        let declared = Declared::read(doc, table.get_ref())?;
        let doc = Document { path, text, parameters: &declared };
        let known = [
            "cache",
            "grid",
            "atmosphere",
            "species",
            "cia",
            "continua",
            "cloud",
            "transfer",
            "method",
            "device",
            "star",
            "observer",
            "instrument",
            "output",
            "parameters",
            "data",
            "retrieval",
        ];
        let top = Section::new(doc, String::new(), table.get_ref(), &known)?;
        let cache = top.get("cache").map(|item| cache(&item)).transpose()?.unwrap_or_default();
        let grid = grid(&top.need("grid", "a section [grid] with range_cm and points or resolution")?)?;
        let need = "a section [atmosphere] with layers, pressures, gravity and temperature";
        let atmosphere = atmosphere::atmosphere(&top.need("atmosphere", need)?)?;
        let cia = species::cia(&top)?;
        let continua = continua::continua(top.get("continua").as_ref())?;
        let clouds = continua::clouds(&top)?;
        let others = !(cia.is_empty() && continua == ContinuaKeys::default() && clouds.is_empty());
        let species = species::species(&top, others)?;
        continua::check_names(&top, &clouds, &names_of_opacities(&species, &cia, &continua))?;
        let transfer = transfer(top.get("transfer").as_ref())?;
        let method = method::settings(top.get("method").as_ref())?;
        let memory_budget = memory_budget(top.get("device").as_ref())?;
        let output = output(top.get("output").as_ref(), &grid, transfer.geometry)?;
        let star = top.get("star").map(|item| star(&item)).transpose()?;
        let distance_cm = top.get("observer").map(|item| distance(&item, transfer.geometry)).transpose()?;
        let instrument = retrieval::of_spectrum(&top)?;
        let data = retrieval::data(&top, transfer.geometry)?;
        let retrieval = retrieval::retrieval(top.get("retrieval").as_ref())?;
        let parameters = declared.finish(Document { path, text, parameters: &none })?;
        let path = path.to_owned();
        Ok(Self {
            path,
            cache,
            grid,
            atmosphere,
            species,
            cia,
            continua,
            clouds,
            transfer,
            method,
            parameters,
            instrument,
            data,
            retrieval,
            memory_budget,
            star,
            distance_cm,
            output,
        })
    }
}

/// Names of all opacities but clouds and hazes.
fn names_of_opacities(species: &[SpeciesKeys], cia: &[CiaKeys], continua: &ContinuaKeys) -> Vec<String> {
    let lines = species.iter().filter(|s| s.lines.is_some()).map(|s| s.name.clone());
    let pairs =
        cia.iter().flat_map(|c| [format!("{}-{}", c.pair[0], c.pair[1]), format!("{}-{}", c.pair[1], c.pair[0])]);
    let gases = continua.rayleigh.iter().map(|gas| Continuum::name(&Rayleigh::new(*gas)).to_owned());
    let ion = continua.h_minus.then(|| HMinus.name().to_owned());
    lines.chain(pairs).chain(gases).chain(ion).collect()
}

/// A folder in quotes, or false.
fn cache(item: &Item) -> Result<CacheChoice> {
    if item.is_string() {
        return item.path().map(CacheChoice::Folder);
    }
    match item.boolean() {
        Ok(true) => Ok(CacheChoice::Default),
        Ok(false) => Ok(CacheChoice::Off),
        Err(_) => Err(item.wrong("a folder in quotes, or false")),
    }
}

fn grid(item: &Item) -> Result<GridKeys> {
    let s = item.section(&["range_cm", "range_um", "points", "sampling", "resolution"])?;
    let need = "[LO, HI], the first and last point in cm-1; or `range_um` in micrometres in its place";
    let (range_item, in_cm) = s.either("range_cm", "range_um", need)?;
    let (lo, hi) = range_item.range()?;
    let range = if in_cm { (lo, hi) } else { (1e4 / hi, 1e4 / lo) };
    if !(range.0 > 0.0 && range.1.is_finite()) {
        return Err(range_item.wrong("wavelengths whose wavenumbers, 1e4 / um, are finite and above 0"));
    }
    // `resolution` is the older name.
    let fineness = if s.get("resolution").is_some() && s.get("sampling").is_none() { "resolution" } else { "sampling" };
    let (sampling_item, by_points) = s.either("points", fineness, "a number of points, or `sampling` in its place")?;
    if let (Some(second), "sampling") = (s.get("resolution"), fineness) {
        return Err(second.refuse("given besides `sampling`, of which it is the older name; required only one of them"));
    }
    let sampling = if by_points {
        GridSampling::Points(sampling_item.integer(limits::POINTS)?)
    } else {
        GridSampling::Resolution(sampling_item.number(POSITIVE)?)
    };
    let grid = GridKeys { range, sampling };
    if grid.points() > limits::POINTS.1 {
        let most = format!("a resolution with at most {} points, not {}", limits::POINTS.1, grid.points());
        return Err(sampling_item.wrong(&most));
    }
    Ok(grid)
}

fn transfer(item: Option<&Item>) -> Result<TransferKeys> {
    let mut transfer = TransferKeys { geometry: GeometryKeys::Emission, streams: 8, surface_temperature: None };
    let Some(item) = item else { return Ok(transfer) };
    let s = item.section(&["geometry", "streams", "surface_temperature_k"])?;
    if let Some(item) = s.get("geometry") {
        let words = [("emission", GeometryKeys::Emission), ("transmission", GeometryKeys::Transmission)];
        transfer.geometry = item.word(&words)?;
    }
    for key in ["streams", "surface_temperature_k"] {
        if let (GeometryKeys::Transmission, Some(item)) = (transfer.geometry, s.get(key)) {
            return Err(item.refuse("a key of geometry = \"emission\" only"));
        }
    }
    if let Some(item) = s.get("streams") {
        transfer.streams = item.integer(limits::STREAMS)?;
        if transfer.streams % 2 == 1 {
            return Err(item.wrong("an even number (half of the streams go up)"));
        }
    }
    if let Some(item) = s.get("surface_temperature_k") {
        transfer.surface_temperature = Some(item.quantity(POSITIVE)?);
    }
    Ok(transfer)
}

fn star(item: &Item) -> Result<StarKeys> {
    let s = item.section(&["radius_sun", "radius_cm", "temperature_k", "spectrum"])?;
    let (radius, solar) = s.either("radius_sun", "radius_cm", "the star's radius in solar radii, or `radius_cm`")?;
    let unit = if solar { RADIUS_SUN_CM } else { 1.0 };
    let need = "the temperature of a black body in K, or `spectrum`, a file, in its place";
    let (light, black) = s.either("temperature_k", "spectrum", need)?;
    let spectrum = match black {
        true => StarSpectrumKeys::BlackBody(light.number(POSITIVE)?),
        false => StarSpectrumKeys::Table(light.path()?),
    };
    Ok(StarKeys { radius_cm: radius.number(POSITIVE)? * unit, spectrum })
}

/// Distance \[cm\].
fn distance(item: &Item, geometry: GeometryKeys) -> Result<f64> {
    if geometry == GeometryKeys::Transmission {
        return Err(item.refuse("a section of geometry = \"emission\" only"));
    }
    let s = item.section(&["distance_pc"])?;
    Ok(needed(&s, "distance_pc", "the distance in parsec", POSITIVE)? * PARSEC_CM)
}

fn memory_budget(item: Option<&Item>) -> Result<MemoryPolicy> {
    let Some(item) = item else { return Ok(MemoryPolicy::Default) };
    let budget = item.section(&["memory_budget"])?.get("memory_budget");
    budget.map_or(Ok(MemoryPolicy::Default), |item| item.parsed())
}

fn output(item: Option<&Item>, grid: &GridKeys, geometry: GeometryKeys) -> Result<OutputKeys> {
    let (axis, flux_per_um) = (SpectralAxis::Wavenumber, false);
    let mut output = OutputKeys {
        title: None,
        svg: true,
        png: true,
        zoom: None,
        axis,
        flux_per_um,
        atmosphere: false,
        components: false,
        contribution: false,
    };
    let Some(item) = item else { return Ok(output) };
    let s = item.section(&[
        "title",
        "svg",
        "png",
        "zoom_cm",
        "zoom_um",
        "axis",
        "medium",
        "flux",
        "atmosphere",
        "components",
        "contribution",
    ])?;
    if let Some(item) = s.get("axis") {
        output.axis = item.word(&[("cm-1", SpectralAxis::Wavenumber), ("um", SpectralAxis::VacuumMicrometre)])?;
    }
    if let Some(item) = s.get("medium") {
        let air = item.word(&[("vacuum", false), ("air", true)])?;
        match output.axis {
            SpectralAxis::Wavenumber if air => {
                return Err(item.refuse("a key of axis = \"um\": wavenumbers are in vacuum"));
            }
            SpectralAxis::VacuumMicrometre if air => output.axis = SpectralAxis::AirMicrometre,
            _ => (),
        }
    }
    if let Some(item) = s.get("flux") {
        if geometry == GeometryKeys::Transmission {
            return Err(item.refuse("a key of geometry = \"emission\" only"));
        }
        output.flux_per_um = item.word(&[("erg s-1 cm-2 / cm-1", false), ("W m-2 um-1", true)])?;
    }
    if let Some(item) = s.get("title") {
        output.title = Some(item.string("a text in quotes")?.to_owned());
    }
    for (key, wanted) in [
        ("svg", &mut output.svg),
        ("png", &mut output.png),
        ("atmosphere", &mut output.atmosphere),
        ("components", &mut output.components),
        ("contribution", &mut output.contribution),
    ] {
        if let Some(item) = s.get(key) {
            *wanted = item.boolean()?;
        }
    }
    if s.get("zoom_cm").is_some() || s.get("zoom_um").is_some() {
        let (item, wavenumbers) = s.either("zoom_cm", "zoom_um", "the part that is drawn enlarged")?;
        let (a, b) = item.range()?;
        let zoom = if wavenumbers { (a, b) } else { (1e4 / b, 1e4 / a) };
        let (lo, hi) = grid.range;
        if zoom.0 < lo || zoom.1 > hi {
            return Err(item.wrong(&format!("[LO, HI] within the grid, {lo} to {hi} cm-1")));
        }
        output.zoom = Some(zoom);
    }
    Ok(output)
}
