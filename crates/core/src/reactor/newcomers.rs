//! From an accepted connection to a stream: at once, or when its proxy has said whose it is.

use super::turn::Reactor;
use crate::id::ChannelId;
use crate::source::context::Newcomer;
use crate::source::fate::{Closing, Fate, Greeted};
use crate::source::{Proxied, Source, Stream};
use crate::wire::reason;

impl Reactor {
    /// Those that a listener has accepted in this turn.
    pub(super) fn add_accepted(&mut self) {
        for newcomer in std::mem::take(&mut self.cx.accepted) {
            let Newcomer {
                id,
                server,
                socket,
                announced,
            } = newcomer;
            let now = self.cx.now;
            let Some(announced) = announced else {
                let stream = Stream::new(id, socket, Some(server), now);
                self.add(id, Source::Stream(Box::new(stream)));
                continue;
            };
            let proxied = Proxied::new(id, server, socket, announced, now);
            proxied.begin(&mut self.cx);
            self.add(id, Source::Proxied(Box::new(proxied)));
        }
    }

    /// What a proxy has said, or has not, of its connection: that becomes a stream, or closes.
    pub(super) fn announced(&mut self, id: ChannelId, said: Result<Greeted, u32>) {
        let Some(Some((_, Source::Proxied(proxied)))) = self.sources.get(id.index as usize) else {
            return;
        };
        let (server, proxy) = (proxied.server(), proxied.peer().cloned());
        let listener = match self.sources.get_mut(server.index as usize) {
            Some(Some((owner, Source::Listener(listener)))) if *owner == server => listener,
            _ => return,
        };
        let told = said.as_ref().map_err(|why| (*why, proxy.as_ref()));
        let (is_accepted, fate) = listener.announced(&mut self.cx, id, told);
        match said {
            Ok(Greeted { socket, early, .. }) if is_accepted => {
                let mut stream = Stream::new(id, socket, Some(server), self.cx.now);
                stream.assume_ready();
                stream.set_early(early);
                self.sources[id.index as usize] = Some((id, Source::Stream(Box::new(stream))));
            }
            _ => self.remove(id, Closing::new(reason::CLOSE)),
        }
        if let Fate::Close(closing) = fate {
            self.remove(server, closing);
        }
    }

    /// A listener is gone: with it those connections that nobody else knows of.
    pub(super) fn remove_announced(&mut self, server: ChannelId) {
        let is_of = |source: &Source| match source {
            Source::Proxied(proxied) => proxied.server() == server,
            _ => false,
        };
        let sources = self.sources.iter().flatten();
        let of_server = sources.filter(|(_, source)| is_of(source));
        let ids: Vec<_> = of_server.map(|(id, _)| *id).collect();
        for id in ids {
            self.remove(id, Closing::new(reason::CLOSE));
        }
    }
}
