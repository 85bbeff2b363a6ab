//! A quirk as it is written in a file.
#![forbid(unsafe_code)]

use super::{Declared, Quirk};
use crate::camera::{NamedFormat, Rotation};

impl Quirk {
    /// The entry that reads as this quirk.
    pub fn text(&self) -> String {
        let mut text = format!(
            "[[camera]]\nusb = \"{:04x}:{:04x}\"\n",
            self.vendor, self.product
        );
        let mut line = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                text += &format!("{key} = {value}\n");
            }
        };
        line("interface", self.interface.map(|n| n.to_string()));
        let spectrum = self.spectrum.map(|declared| match declared {
            Declared::Color => "\"color\"",
            Declared::Infrared => "\"infrared\"",
            Declared::Unused => "\"unused\"",
        });
        line("spectrum", spectrum.map(str::to_owned));
        line("bits", self.bits.map(|bits| bits.to_string()));
        let degrees = 90 * self.rotation as u16;
        let turned = self.rotation != Rotation::None;
        line("rotation", turned.then(|| degrees.to_string()));
        let named = self.format != NamedFormat::default();
        line("format", named.then(|| format!("\"{}\"", self.format)));
        line("source", Some(toml::Value::from(&*self.source).to_string()));
        line(
            "emitter",
            self.emitter.as_ref().map(|emitter| {
                format!(
                    "{{ unit = {}, selector = {}, on = {:?}, off = {:?} }}",
                    emitter.unit, emitter.selector, emitter.on, emitter.off
                )
            }),
        );
        text
    }
}
