//! Commands for the files of a room.

use std::fmt::Write as _;

use wardroom_protocol::limits::WINDOW_MAX;
use wardroom_protocol::messages::{FileGet, FileInfo, FileKind, FileList, FilePut, IfExists, Place};
use wardroom_protocol::visible::visible;
use wardroom_protocol::{RelPath, UploadId};

use super::{Session, nonce};
use crate::error::Error;
use crate::files::{self, Committed, Face};
use crate::sender::Item;
use crate::text::flows::Download;
use crate::text::limits::FILES_SHOWN;
use crate::text::lines::End;
use crate::text::moment::size_words;

impl Session {
    fn storage(&self) -> Result<Place, Error> {
        Ok(Place::Room(self.current()?.name.clone()))
    }

    pub(super) async fn list_files(&self, folder: Option<RelPath>) -> Result<(), Error> {
        let place = self.storage()?;
        let (mut entries, mut after): (Vec<FileInfo>, Option<String>) = (Vec::new(), None);
        let more = loop {
            let ask = FileList { place: place.clone(), path: folder.clone(), after };
            let page = files::list(&self.state, &self.member, ask).await?;
            after = page.entries.last().map(|entry| entry.name.clone());
            entries.extend(page.entries);
            if !page.more || after.is_none() || entries.len() >= FILES_SHOWN {
                break page.more;
            }
        };
        if entries.is_empty() {
            self.tell("no files are here yet: /put NAME SIZE brings one");
            return Ok(());
        }
        let mut out = String::new();
        for entry in entries {
            let name = visible(&entry.name);
            let (size, slash) = match entry.kind {
                FileKind::File => (size_words(entry.size), ""),
                FileKind::Folder => (String::new(), "/"),
            };
            let (minute, day) = self.calendar.minute(entry.mtime);
            let _ = writeln!(out, "# {size:>10}  {day} {minute}  {name}{slash}");
        }
        if more {
            out.push_str("# and more, which /files does not show: see the page, or wardroom ls\n");
        }
        self.tell_lines(out);
        Ok(())
    }

    /// Reads exactly `size` raw bytes from the socket, whether or not they can be stored: they must never be read as
    /// messages or commands.
    pub(super) async fn put_file(&mut self, path: RelPath, size: u64) -> Result<(), Error> {
        let mut left = size;
        let result = self.take_file(path, size, &mut left).await;
        while left > 0 && result.is_err() {
            match self.reader.raw(left).await {
                Ok(bytes) => left = left.saturating_sub(bytes.len() as u64),
                // Reading the next line fails in the same way.
                Err(_) => break,
            }
        }
        let committed = result?;
        let (path, digest) = (committed.path, committed.blake3);
        self.tell(&format!("put {path} {size} {digest}"));
        Ok(())
    }

    /// Stores a text that is too long for a message as a file, and posts a message with its first lines.
    pub(super) async fn put_text(&mut self, text: String, reply_to: Option<u64>) -> Result<(), Error> {
        let room = self.current()?.name.clone();
        let said = files::shelve(&self.state, &self.member, &room, text).await?;
        self.post(said, reply_to).await
    }

    async fn take_file(&mut self, path: RelPath, size: u64, left: &mut u64) -> Result<Committed, Error> {
        let name = path.clone();
        let begun = self.begin(path, size, IfExists::Fail).await?;
        self.tell(&format!("send {size} bytes of {name}"));
        let taken = self.take_bytes(begun, size, left).await;
        self.end(begun, taken).await
    }

    async fn begin(&self, path: RelPath, size: u64, if_exists: IfExists) -> Result<UploadId, Error> {
        let put = FilePut { place: self.storage()?, path, size, mtime: None, if_exists, nonce: nonce() };
        Ok(files::put(&self.state, &self.member, &self.sender, put, Face::Person).await?.upload)
    }

    /// Commits an upload whose bytes have arrived, or aborts it.
    async fn end(&self, upload: UploadId, came: Result<(), Error>) -> Result<Committed, Error> {
        let result = match came {
            Ok(()) => files::commit(&self.state, &self.member, upload, None).await,
            Err(error) => Err(error),
        };
        if result.is_err()
            && let Err(error) = files::abort(&self.state, &self.member, upload).await
        {
            // It is removed when it expires.
            tracing::debug!(%error, "cannot give an upload up");
        }
        result
    }

    async fn take_bytes(&mut self, upload: UploadId, size: u64, left: &mut u64) -> Result<(), Error> {
        while *left > 0 {
            let bytes = match self.reader.raw(*left).await {
                Ok(bytes) => bytes,
                Err(End::Eof | End::Closing | End::Broken | End::TooMuch) => {
                    let came = size.saturating_sub(*left);
                    let words = format!("only {came} of {size} bytes came: nothing was kept");
                    return Err(Error::bad_request(words));
                }
            };
            let (off, count) = (size.saturating_sub(*left), bytes.len() as u64);
            *left = left.saturating_sub(count);
            files::write(&self.state, &self.member, &self.sender, upload, off, bytes).await?;
        }
        Ok(())
    }

    pub(super) async fn get_file(&mut self, path: RelPath) -> Result<(), Error> {
        let get = FileGet {
            place: self.storage()?,
            path: path.clone(),
            off: 0,
            count: None,
            window: Some(WINDOW_MAX),
            blake3: None,
        };
        let (ok, flow) = files::open_download(&self.state, &self.member, &self.sender, get, Face::Person).await?;
        let digest = ok.blake3.as_deref().unwrap_or("-");
        self.tell(&format!("get {path} {} {digest}", ok.size));
        // The line feed is not part of the file: the receipt starts on its own line, whatever the last byte was.
        let receipt = format!("\n# got {} ({})\n", visible(path.as_str()), size_words(ok.size));
        self.sender.push(Item::Flow(Download::over(flow, &self.sender, &self.followed, receipt)));
        Ok(())
    }
}
