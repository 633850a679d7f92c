//! Golden bytes: every message as it stands on the wire, read and written again to the very same bytes. A change here
//! is a change of the protocol, and clients in other languages break by it.

use bytes::Bytes;
use wardroom_protocol::{Decoder, Frame, Request, ServerMessage};

use crate::again;

/// What clients, gateways and hosts send. A frame with raw bytes has them behind the LF.
pub const REQUESTS: &[&str] = &[
    r#"{"t":"hello","v":1,"client":"wardroom/0.1.0","auth":{"token":"wr_3dQ9"}}"#,
    r#"{"t":"hello","v":1,"client":"wardroom/0.1.0","auth":{"user":"ann","password":"correct horse"},"remember":"laptop"}"#,
    r#"{"t":"hello","v":1,"client":"","auth":{"invite":"7Yk2","user":"ann","password":"correct horse"}}"#,
    r#"{"t":"hello","v":1,"client":"page/0.1.0"}"#,
    r#"{"t":"via","key":"00ff","client":"203.0.113.9:40112","tls":true,"agent":"Mozilla/5.0","session":"wr_8Kx1"}"#,
    r#"{"t":"via","key":"00ff","client":"[2001:db8::9]:40112","tls":false,"agent":""}"#,
    r#"{"t":"ping","n":3}"#,
    r#"{"t":"pong","n":3}"#,
    r#"{"t":"session.end","id":9}"#,
    r#"{"t":"session.end","id":10,"session":7}"#,
    r#"{"t":"session.end","id":11,"others":true}"#,
    r#"{"t":"session.list","id":12}"#,
    r#"{"t":"status.set","id":12,"text":"on call until 8"}"#,
    r#"{"t":"password.set","id":13,"current":"correct horse","password":"battery staple"}"#,
    r#"{"t":"room.list","id":1}"#,
    r#"{"t":"room.create","id":2,"room":"ops","title":"Operations","private":false}"#,
    r#"{"t":"room.create","id":2,"room":"ops","private":true}"#,
    r#"{"t":"room.join","id":3,"room":"ops"}"#,
    r#"{"t":"room.leave","id":4,"room":"ops"}"#,
    r#"{"t":"room.open","id":5,"room":"ops","after":800,"epoch":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"room.open","id":5,"room":"ops","last":50}"#,
    r#"{"t":"room.close","id":6,"room":"ops"}"#,
    r#"{"t":"room.history","id":7,"room":"ops","before":800,"limit":50}"#,
    r#"{"t":"room.history","id":7,"room":"ops","after":1}"#,
    r#"{"t":"room.history","id":7,"room":"ops","around":9007199254740991}"#,
    r#"{"t":"room.post","id":8,"room":"ops","text":"grüße \"len\" \\ \n 回滚","nonce":"3f9c","reply_to":812}"#,
    r#"{"t":"room.read","id":9,"room":"ops","seq":813}"#,
    r#"{"t":"room.members","id":10,"room":"ops"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","cmd":"make test","host":"local","cwd":"/srv/app","env":{"CI":"1"},"timeout_s":600,"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","argv":["ls","-l"],"stdin":true,"nonce":"a1"}"#,
    r#"{"t":"run.watch","id":12,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":0,"window":262144}"#,
    r#"{"t":"run.ack","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":812}"#,
    r#"{"t":"run.unwatch","id":13,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","stdin":false,"tty":{"cols":80,"rows":24},"nonce":"a1"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","cmd":"x","stdin":false,"tty":{"cols":80,"rows":24,"fixed":true},"merge":true,"detach":true,"nonce":"a1"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","cmd":"x","limits":{"cpu_s":60,"memory_bytes":1073741824,"processes":100,"open_files":256,"file_bytes":1048576,"idle_s":300,"output_bytes":1048576},"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","cmd":"x","sandbox":["no-network","private-tmp"],"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","cmd":"x","secrets":{"TOKEN":"hunter22"},"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.watch","id":12,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":0,"window":262144,"screen":true}"#,
    r#"{"t":"run.watch","id":12,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":0,"window":262144,"screen":true,"at":1795334401390}"#,
    "{\"t\":\"run.input\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"gen\":1,\"off\":7,\"len\":4}\nyes\n",
    r#"{"t":"run.eof","id":14,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","gen":1,"off":11}"#,
    r#"{"t":"term.control","id":14,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","op":"ask"}"#,
    r#"{"t":"term.control","id":14,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","op":"give","to":"ben"}"#,
    r#"{"t":"term.resize","id":14,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","gen":2,"cols":120,"rows":40}"#,
    r#"{"t":"term.text","id":14,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"run.start","id":11,"room":"ops","command":"deploy","params":{"to":"prod"},"args":["4.2"],"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"command.add","id":11,"room":"ops","command":{"name":"deploy","about":"x","argv":["./deploy","{version}"],"host":"web1","cwd":"/srv","env":{"CI":"1"},"timeout_s":600,"sandbox":["read-only"],"params":[{"name":"version","pattern":"^[0-9.]+$","about":"the release","default":"1"}],"allow":"member","approve":true},"replaces":3}"#,
    r#"{"t":"command.add","id":11,"room":"ops","command":{"name":"uptime","argv":["uptime"]}}"#,
    r#"{"t":"run.approve","id":11,"proposal":3}"#,
    r#"{"t":"run.refuse","id":11,"proposal":3}"#,
    r#"{"t":"proposal.list","id":11}"#,
    r#"{"t":"proposal.list","id":11,"after":3}"#,
    r#"{"t":"room.set","id":40,"room":"ops","approve":true}"#,
    r#"{"t":"command.list","id":11,"room":"ops","after":"deploy"}"#,
    r#"{"t":"rights.set","id":11,"right":"run","user":"ann","host":"db1","allow":true}"#,
    r#"{"t":"rights.set","id":11,"right":"run-named","user":"ann","room":"ops","host":"db1","allow":false,"open":true}"#,
    r#"{"t":"rights.set","id":11,"right":"approve","user":"ann","room":"ops","allow":true,"restrict":true,"check":true}"#,
    r#"{"t":"rights.list","id":11}"#,
    r#"{"t":"rights.list","id":11,"room":"ops","host":"db1","user":"ann","after":7}"#,
    r#"{"t":"command.remove","id":11,"room":"ops","name":"deploy"}"#,
    r#"{"t":"run.signal","id":15,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","signal":"TERM"}"#,
    r#"{"t":"run.start","id":9,"room":"ops","cmd":"make test","hosts":["web1","web2"],"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.start","id":9,"room":"ops","cmd":"make test","label":{"role":"db"},"stdin":false,"nonce":"a1"}"#,
    r#"{"t":"run.lose","id":19,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"run.list","id":16,"room":"ops","limit":20}"#,
    r#"{"t":"run.list","id":16,"state":"failed","host":"web1","by":"ann","text":"make","before":41}"#,
    r#"{"t":"run.times","id":16,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":812}"#,
    r#"{"t":"run.find","id":16,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","texts":["error","fatal"],"fd":2,"from":812,"back":true}"#,
    r#"{"t":"run.find","id":16,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","fd":2}"#,
    r#"{"t":"run.lines","id":16,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":0,"to":812}"#,
    r#"{"t":"host.list","id":16}"#,
    r#"{"t":"run.get","id":17,"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"file.put","id":18,"in":"room:ops","path":"logs/app.log","size":1048576,"mtime":1795334400000,"if_exists":"fail","nonce":"u1"}"#,
    "{\"t\":\"file.chunk\",\"upload\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"off\":65536,\"len\":5}\n\0\n{\"}",
    r#"{"t":"file.commit","id":19,"upload":"01ARZ3NDEKTSV4RRFFQ69G5FAV","blake3":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"}"#,
    r#"{"t":"file.resume","id":20,"upload":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"file.abort","id":21,"upload":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"file.list","id":22,"in":"room:ops","path":"logs","after":"a.log"}"#,
    r#"{"t":"file.stat","id":23,"in":"room:ops","path":"logs/app.log"}"#,
    r#"{"t":"file.get","id":24,"in":"room:ops","path":"logs/app.log","off":0,"count":100,"window":1048576,"blake3":"af13"}"#,
    r#"{"t":"file.ack","stream":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":65536}"#,
    r#"{"t":"file.close","id":25,"stream":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"room.set","id":40,"room":"运维","title":"Operations","topic":"","archived":true,"retention_days":30}"#,
    r#"{"t":"room.invite","id":41,"room":"ops","user":"ben","role":"reader"}"#,
    r#"{"t":"room.remove","id":42,"room":"ops","user":"ben"}"#,
    r#"{"t":"room.role","id":43,"room":"ops","user":"ben","role":"owner"}"#,
    r#"{"t":"dm.open","id":44,"users":["ben","chen"]}"#,
    r#"{"t":"room.edit","id":45,"room":"ops","seq":812,"text":"hello"}"#,
    r#"{"t":"room.delete","id":46,"room":"ops","seq":812}"#,
    r#"{"t":"room.react","id":47,"room":"ops","seq":812,"emoji":"👍🏽","on":true}"#,
    r#"{"t":"typing","room":"ops"}"#,
    r#"{"t":"search","id":48,"q":"10.4.1.74","room":"ops","by":"ann","kind":"output","since":1,"until":2,"before":3,"limit":20}"#,
    r#"{"t":"hook.add","id":49,"room":"ops","bot":"alerts"}"#,
    r#"{"t":"hook.list","id":50,"room":"ops"}"#,
    r#"{"t":"hook.remove","id":51,"room":"ops","hook":3}"#,
    "{\"t\":\"hook.part\",\"token\":\"2f6c\",\"len\":4}\ndown",
    "{\"t\":\"hook.post\",\"id\":52,\"token\":\"2f6c\",\"content_type\":\"text/plain\",\"github\":\"push\",\"key\":\"a b\",\"len\":4}\ndown",
    r#"{"t":"user.add","id":26,"user":"ben","name":"Ben","role":"operator","password":"correct horse"}"#,
    r#"{"t":"user.list","id":27}"#,
    r#"{"t":"user.passwd","id":28,"user":"ben","password":"correct horse"}"#,
    r#"{"t":"user.disable","id":29,"user":"ben","disabled":true}"#,
    r#"{"t":"user.role","id":3,"user":"ben","role":"viewer"}"#,
    r#"{"t":"token.add","id":30,"user":"ben","label":"ci"}"#,
    r#"{"t":"invite.add","id":31,"role":"member"}"#,
    r#"{"t":"host.add","id":32,"host":"web1","labels":{"role":"web"},"replace":true,"nonce":"h1"}"#,
    r#"{"t":"host.add","id":32,"host":"web1"}"#,
    r#"{"t":"host.remove","id":33,"host":"web1"}"#,
    r#"{"t":"host.hello","v":1,"token":"00ff","instance":"5c1d","spool":"77f0","version":"wardroom/0.1.0","isolation":"namespace","sandbox":["no-network"],"runs":[]}"#,
    r#"{"t":"host.hello","v":1,"key":"00ff","host":"local","runs":[{"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","bytes":812,"ended":false,"input":17}]}"#,
    r#"{"t":"host.started","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","pid":4711}"#,
    "{\"t\":\"host.output\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"fd\":2,\"off\":812,\"len\":4}\nerr\n",
    "{\"t\":\"host.output\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"fd\":1,\"off\":812,\"len\":4,\"cols\":80,\"rows\":24}\nerr\n",
    r#"{"t":"host.input_ack","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":4}"#,
    r#"{"t":"host.status","load":0.52,"cpus":8,"free_bytes":812000000000,"disk_bytes":999000000000}"#,
    r#"{"t":"host.status"}"#,
    r#"{"t":"host.detached","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","exit":{"code":0},"kept":["sleep 99"]}"#,
    r#"{"t":"host.ended","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","exit":{"code":2},"bytes":816,"ms":1204,"truncated":false,"left":0}"#,
];

/// What servers send.
pub const SERVER: &[&str] = &[
    r#"{"t":"welcome","v":1,"server":"wardroom/0.1.0","epoch":"01ARZ3NDEKTSV4RRFFQ69G5FAV","now":1795334400000,"you":{"user":"ann","name":"Ann","role":"operator"},"limits":{"line":65536,"chunk":65536,"text":16384,"file":1099511627776},"rooms":[{"room":"ops","title":"Operations","head":812,"read":800,"mentions":1,"joined":true,"unread":4}],"token":"wr_8Kx1"}"#,
    r#"{"t":"ok","re":7,"seq":813}"#,
    r#"{"t":"err","re":7,"code":"forbidden","msg":"you are not a member of ops"}"#,
    r#"{"t":"err","code":"bad_frame","msg":"a line is not UTF-8"}"#,
    r#"{"t":"err","re":1,"code":"rate_limited","msg":"wait","retry_ms":2000}"#,
    r#"{"t":"err","re":1,"code":"internal","msg":"our fault","ref":"e41"}"#,
    r#"{"t":"err","code":"conflict","msg":"the next byte is 65536","off":65536,"upload":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"err","code":"incompatible","msg":"version 2 is not spoken here","versions":[1]}"#,
    r#"{"t":"event","room":"ops","seq":813,"at":1795334400000,"by":"ann","kind":"message","text":"hello","reply_to":812,"nonce":"3f9c"}"#,
    r#"{"t":"event","room":"ops","seq":1,"at":1795334400000,"by":"ann","kind":"join"}"#,
    r#"{"t":"event","room":"ops","seq":2,"at":1795334400000,"by":"ann","kind":"leave"}"#,
    r#"{"t":"event","room":"ops","seq":3,"at":1795334400000,"by":"ann","kind":"run.started","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"cmd":"make test","host":"local","cwd":"/srv/app","isolation":"namespace","sandbox":["no-network","read-only"],"limits":{"cpu_s":60},"secrets":["TOKEN"]}"#,
    r#"{"t":"event","room":"ops","seq":3,"at":1795334400000,"by":"ann","kind":"run.proposed","n":3,"cmd":"make test","host":"web1","hosts":["web1","db1"],"timeout_s":600,"limits":{"cpu_s":60},"sandbox":["no-network"],"isolation":["namespace","none"],"detach":true,"digest":"00ff","until":1795335300000}"#,
    r#"{"t":"event","room":"ops","seq":4,"at":1795334400000,"by":"ann","kind":"run.ended","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"exit":{"stopped_by":"ben","signal":"TERM"},"bytes":812,"ms":1204,"truncated":false,"left":0}"#,
    r#"{"t":"event","room":"ops","seq":4,"at":1795334400000,"by":"ann","kind":"run.ended","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","n":4,"exit":{"code":0},"bytes":812,"ms":1204,"truncated":true,"left":0,"late":true}"#,
    r#"{"t":"event","room":"ops","seq":5,"at":1795334400000,"by":"ann","kind":"file.added","path":"logs/app.log","size":812,"blake3":"af13","nonce":"\"\\"}"#,
    r#"{"t":"event","room":"ops","seq":6,"at":1795334400000,"by":"ann","kind":"message","text":"hello","amended":9,"edited":true,"reactions":[{"emoji":"👍","by":["ann","ben"]}],"count":37}"#,
    r#"{"t":"event","room":"ops","seq":6,"at":1795334400000,"by":"ann","kind":"message","text":"","amended":9,"deleted":true}"#,
    r#"{"t":"event","room":"ops","seq":7,"at":1795334400000,"by":"ann","kind":"edit","target":6,"text":"hello"}"#,
    r#"{"t":"event","room":"ops","seq":8,"at":1795334400000,"by":"ann","kind":"delete","target":6}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"reaction","target":6,"emoji":"👍","on":false}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"repeat","target":6,"count":37}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"invited","user":"ben","role":"member"}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"removed","user":"ben"}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"role","user":"ben","role":"owner"}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"title","text":"Operations"}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"topic","text":""}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"archived","on":true}"#,
    r#"{"t":"event","room":"ops","seq":9,"at":1795334400000,"by":"ann","kind":"retention","days":30}"#,
    r#"{"t":"room.changed","info":{"room":"@01k9","title":"","head":9,"read":7,"mentions":0,"joined":true,"private":true,"unread":2,"role":"member","dm":["ann","ben"]}}"#,
    r#"{"t":"room.changed","info":{"room":"ops","title":"","head":9,"read":7,"mentions":0,"joined":true,"unread":0,"role":"member","rules":[{"right":"run","here":true,"off":["db1"]},{"right":"approve","on":["web1"]}]}}"#,
    r#"{"t":"typing","room":"ops","user":"ann"}"#,
    r#"{"t":"presence","here":["ann"],"gone":["ben","cleo"]}"#,
    r#"{"t":"room.live","room":"ops","head":813}"#,
    r#"{"t":"room.state","room":"ops","head":814,"read":800,"mentions":2,"unread":5}"#,
    "{\"t\":\"run.output\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"fd\":1,\"off\":0,\"len\":4}\nout\n",
    "{\"t\":\"run.output\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"fd\":1,\"off\":0,\"len\":4,\"cols\":80,\"rows\":24}\nout\n",
    "{\"t\":\"run.snapshot\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"off\":9,\"cols\":80,\"rows\":24,\"len\":4,\"more\":true}\nout\n",
    "{\"t\":\"run.snapshot\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"off\":9,\"cols\":80,\"rows\":24,\"len\":4}\nout\n",
    r#"{"t":"run.input_ack","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","gen":1,"off":4}"#,
    r#"{"t":"term.state","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","gen":2,"holder":"ben","asked":["ann"],"tty":{"cols":80,"rows":24,"fixed":true}}"#,
    r#"{"t":"term.state","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","gen":3}"#,
    r#"{"t":"run.detached","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","exit":{"code":0},"kept":["sleep 99"]}"#,
    r#"{"t":"run.end","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","exit":{"code":0},"bytes":4,"ms":1204,"truncated":false,"left":1,"ended":["sleep 99"]}"#,
    r#"{"t":"run.end","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","exit":{"code":0},"bytes":4,"ms":1204,"truncated":false,"left":0}"#,
    r#"{"t":"file.ack","upload":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":65536}"#,
    "{\"t\":\"file.data\",\"stream\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"off\":0,\"len\":3}\nabc",
    r#"{"t":"file.end","stream":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"ping","n":3,"now":1795334400000}"#,
    r#"{"t":"pong","n":3}"#,
    r#"{"t":"goaway","reason":"the server is being restarted","retry_ms":1000}"#,
    r#"{"t":"notice","text":"the disk is 95 % full"}"#,
    r#"{"t":"you","user":"ann","name":"Ann","role":"viewer"}"#,
    r#"{"t":"host.welcome","host":"web1","runs":[],"window":1048576}"#,
    r#"{"t":"host.welcome","runs":[{"run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","from":812}],"window":1048576}"#,
    r#"{"t":"host.start","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","argv":["/bin/sh","-c","make test"],"cwd":"/srv/app","env":{"CI":"1"},"secrets":{"TOKEN":"hunter22"},"timeout_s":600,"limits":{"cpu_s":60},"sandbox":["private-tmp"],"output_bytes_max":1073741824,"stdin":false,"isolation":"user","by":"ann","room":"ops"}"#,
    r#"{"t":"host.ack","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":816}"#,
    r#"{"t":"host.forget","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#,
    r#"{"t":"host.start","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","argv":[],"timeout_s":600,"output_bytes_max":1073741824,"stdin":false,"tty":{"cols":80,"rows":24},"merge":true,"detach":true,"by":"ann","room":"ops"}"#,
    "{\"t\":\"host.input\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"off\":0,\"len\":4}\nyes\n",
    r#"{"t":"host.eof","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","off":4}"#,
    r#"{"t":"host.resize","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","cols":120,"rows":40}"#,
    "{\"t\":\"host.reply\",\"run\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"at\":90,\"len\":4}\n\u{1b}[0n",
    r#"{"t":"host.look"}"#,
    r#"{"t":"host.signal","run":"01ARZ3NDEKTSV4RRFFQ69G5FAV","signal":"INT","by":"ben"}"#,
];

/// A golden text as the bytes of its frame: those without raw bytes are written here without their LF.
pub fn bytes_of(golden: &str) -> Bytes {
    if golden.contains('\n') { Bytes::copy_from_slice(golden.as_bytes()) } else { Bytes::from(format!("{golden}\n")) }
}

/// The one frame of a golden text.
pub fn frame_of(golden: &str) -> Frame {
    let mut buf = bytes_of(golden).into();
    let frame = Decoder::default().next(&mut buf).unwrap().unwrap();
    assert!(buf.is_empty(), "more than one frame: {golden}");
    frame
}

fn t_of(golden: &str) -> &str {
    golden.strip_prefix(r#"{"t":""#).and_then(|rest| rest.split('"').next()).unwrap()
}

#[test]
fn requests_are_read_and_written_to_the_byte() {
    for golden in REQUESTS {
        assert_eq!(again::request(&frame_of(golden)), Ok(bytes_of(golden)));
    }
}

#[test]
fn what_servers_send_is_read_and_written_to_the_byte() {
    for golden in SERVER {
        assert_eq!(again::server(&frame_of(golden)), Ok(bytes_of(golden)));
    }
}

#[test]
fn no_type_is_without_golden_bytes() {
    for t in Request::TYPES {
        assert!(REQUESTS.iter().any(|golden| t_of(golden) == *t), "{t}");
    }
    for t in ServerMessage::TYPES {
        assert!(SERVER.iter().any(|golden| t_of(golden) == *t), "{t}");
    }
}

#[test]
fn unknown_fields_and_types_harm_nobody() {
    for (goldens, is_request) in [(REQUESTS, true), (SERVER, false)] {
        for golden in goldens {
            let frame = frame_of(golden);
            let line = std::str::from_utf8(&frame.line).unwrap();
            let more = line.replacen('{', r#"{"new":{"a":[1,null,"x"],"b":1.5},"#, 1);
            let more = Frame { line: more.into(), body: frame.body.clone() };
            let again = if is_request { again::request(&more) } else { again::server(&more) };
            // An `ok` is given back as it came; every other message forgets what it does not know.
            assert!(t_of(golden) == "ok" || again == Ok(bytes_of(golden)), "{golden}");
        }
    }
    let frame = frame_of(r#"{"t":"room.dance","id":7}"#);
    let refused = Request::parse(&frame).unwrap_err();
    assert_eq!((refused.id, refused.code), (Some(7), wardroom_protocol::Code::UnknownType));
    assert!(matches!(ServerMessage::parse(frame), Ok(ServerMessage::Unknown(t)) if t == "room.dance"));
}
