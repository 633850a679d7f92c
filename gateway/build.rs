//! Builds the page into the gateway: every file of `dist/`, compressed where that gains something. Without `dist/` the
//! gateway is built all the same, with a page that says how to build the real one.
//!
//! Writes `assets.rs` into OUT_DIR, which src/assets.rs includes.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Kinds of files that shrink: the others are compressed already.
const SHRINKING: &[&str] = &["css", "html", "js", "json", "map", "mjs", "svg", "txt", "wasm", "webmanifest"];

/// What a compressed file ends with.
const COMPRESSED: [&str; 2] = [".br", ".gz"];

fn main() -> io::Result<()> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out_dir = PathBuf::from(variable("OUT_DIR")?).join("page");
    let dist = manifest_dir.join("../dist");
    // Cargo runs this again on every build while a path that it is to watch is missing. An empty folder is a path to
    // watch; git does not see it, and Trunk fills it. Where the sources cannot be written, running again is right.
    let _ = fs::create_dir(&dist);
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    fs::create_dir_all(&out_dir)?;

    let mut names = Vec::new();
    if dist.join("index.html").is_file() {
        list(&dist, "", &mut names)?;
    }
    names.sort();
    // What an older page left: it would only grow.
    for old in fs::read_dir(&out_dir)? {
        let old = old?;
        if !COMPRESSED.iter().any(|end| old.file_name().to_string_lossy().ends_with(end)) {
            fs::remove_file(old.path())?;
        }
    }
    let mut code = String::from("/// The files of `dist/`, by name.\nstatic EMBEDDED: &[Embedded] = &[\n");
    for name in &names {
        embed(&dist, name, &out_dir, &mut code)?;
    }
    code.push_str("];\n");
    remove_orphans(&out_dir)?;
    fs::write(out_dir.join("../assets.rs"), code)
}

fn variable(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(|e| io::Error::other(format!("{name}: {e}")))
}

/// Removes what was compressed for an older page: its plain file is no more.
fn remove_orphans(out_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(out_dir)? {
        let path = entry?.path();
        // NAME.q5.br belongs to NAME, and so does NAME.q5.gz.
        if !path.with_extension("").with_extension("").is_file() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// All files below a folder. What begins with a dot is Trunk's own.
fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

fn embed(dist: &Path, name: &str, out_dir: &Path, code: &mut String) -> io::Result<()> {
    let bytes = fs::read(dist.join(name))?;
    let digest = Sha256::digest(&bytes).iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    // Named by what is in it: what was compressed once is not compressed again.
    let plain = out_dir.join(&digest);
    fs::write(&plain, &bytes)?;
    let shrinks = name.rsplit_once('.').is_some_and(|(_, end)| SHRINKING.contains(&end));
    let option =
        |path: Option<PathBuf>| path.map_or("None".to_owned(), |path| format!("Some(include_bytes!({path:?}))"));
    let (brotli, gzip) = if shrinks { (brotli(&bytes, &plain)?, gzip(&bytes, &plain)?) } else { (None, None) };
    let (brotli, gzip) = (option(brotli), option(gzip));
    let entry = format!(
        "    Embedded {{ name: {name:?}, digest: {digest:?}, plain: include_bytes!({plain:?}), brotli: {brotli}, gzip: {gzip} }},\n"
    );
    code.push_str(&entry);
    Ok(())
}

/// The best is slow where this script is not optimised, and a developer's browser is on the same machine.
fn is_release() -> io::Result<bool> {
    Ok(variable("PROFILE")? == "release")
}

/// For browsers over https.
fn brotli(bytes: &[u8], plain: &Path) -> io::Result<Option<PathBuf>> {
    let quality = if is_release()? { 11 } else { 5 };
    compressed(bytes, plain.with_extension(format!("q{quality}.br")), |out| {
        let params = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
        brotli::BrotliCompress(&mut &*bytes, out, &params).map(drop)
    })
}

/// For browsers over plain http, which ask for nothing better.
fn gzip(bytes: &[u8], plain: &Path) -> io::Result<Option<PathBuf>> {
    let level = if is_release()? { 9 } else { 5 };
    compressed(bytes, plain.with_extension(format!("q{level}.gz")), |out| {
        let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::new(level));
        encoder.write_all(bytes)?;
        encoder.finish().map(drop)
    })
}

/// Compresses into a file, unless it is there; none if that gains less than a tenth.
fn compressed(
    bytes: &[u8],
    path: PathBuf,
    compress: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<Option<PathBuf>> {
    if !path.is_file() {
        let mut out = Vec::new();
        compress(&mut out)?;
        fs::write(&path, out)?;
    }
    let gained = fs::metadata(&path)?.len() * 10 < bytes.len() as u64 * 9;
    Ok(gained.then_some(path))
}
