local words = import 'words.libsonnet'; { greeting: words.hello + ' world', text: importstr 'plain.txt' }
