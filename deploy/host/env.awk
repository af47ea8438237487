# Reads .env as Compose does (compose-go, `dotenv` and `template`), with nothing but POSIX' awk. What is asked, `ask`:
# value (of the key `wanted`), presence (of that key: the exit status), problems (why Compose would refuse the file).
# The shell's variables, then keys further up, are what a value may name.

function complain(reason) { problems = problems key ": " reason "\n"; is_broken = 1 }

function is_known(name) { return (name in ENVIRON) || (name in values) }

function lookup(name) { return (name in ENVIRON) ? ENVIRON[name] : (name in values) ? values[name] : "" }

function expand(text,    out, place, end) {
  out = ""
  while ((place = index(text, "$")) > 0) {
    out = out substr(text, 1, place - 1)
    text = substr(text, place + 1)
    if (match(text, /^[A-Za-z_][A-Za-z0-9_]*/)) {
      end = RLENGTH
      out = out lookup(substr(text, 1, end))
    } else if (text ~ /^\{/) {
      end = closing_brace(text)
      if (!end) { complain("a ${ has no }"); return out }
      out = out substituted(substr(text, 2, end - 2))
    } else {
      # $$ is a dollar; so is one that no name follows.
      end = (text ~ /^\$/)
      out = out "$"
    }
    text = substr(text, end + 1)
  }
  return out text
}

function closing_brace(text,    place, depth, character) {
  for (place = 1; place <= length(text); place++) {
    character = substr(text, place, 1)
    if (character == "{") depth++
    if (character == "}" && --depth == 0) return place
  }
  return 0
}

# What stands between ${ and }: NAME, or NAME with one of :- - :? ? :+ + and a text, which may name others.
function substituted(inner,    name, operator, argument, is_there) {
  if (!match(inner, /^[A-Za-z_][A-Za-z0-9_]*/)) { complain("no name follows a ${"); return "" }
  name = substr(inner, 1, RLENGTH)
  inner = substr(inner, RLENGTH + 1)
  if (inner == "") return lookup(name)
  if (!match(inner, /^:?[-?+]/)) { complain("after ${" name " may stand } or one of :- - :? ? :+ +"); return "" }
  operator = substr(inner, 1, RLENGTH)
  argument = expand(substr(inner, RLENGTH + 1))
  is_there = is_known(name) && (operator !~ /^:/ || lookup(name) != "")
  if (operator ~ /-$/) return is_there ? lookup(name) : argument
  if (operator ~ /\+$/) return is_there ? argument : ""
  if (!is_there) complain(name " must be set" (argument == "" ? "" : ": " argument))
  return lookup(name)
}

function unescaped(text,    out, place, letter, known) {
  out = ""
  while ((place = index(text, "\\")) > 0) {
    letter = substr(text, place + 1, 1)
    known = (letter == "") ? 0 : index("abfnrtv\"\\", letter)
    if (substr(text, place) ~ /^\\0[0-7][0-7][0-7]/) complain("a \\0 with digits is not read here: write the character itself")
    out = out substr(text, 1, place - 1)
    if (letter == "$") out = out "$$"
    else if (letter == "0") out = out "\\"
    else out = out (known ? substr("\a\b\f\n\r\t\v\"\\", known, 1) : "\\" letter)
    text = substr(text, place + 2)
  }
  return out text
}

# The rest of the line, which is taken from the text.
function rest_of_line(    line) {
  line = substr(text, 1, index(text, "\n") - 1)
  text = substr(text, index(text, "\n") + 1)
  return line
}

# A backslash keeps its quote from ending the text, and is left out then.
function quoted_value(quote,    place, character, value) {
  for (place = 2; (character = substr(text, place, 1)) != quote; place++) {
    if (character == "") { complain("its quote is not closed"); rest_of_line(); return "" }
    if (character == "\\") character = (substr(text, ++place, 1) == quote) ? quote : "\\" substr(text, place, 1)
    value = value character
  }
  text = substr(text, place + 1)
  return quote == "\"" ? expand(unescaped(value)) : value
}

function plain_value(    value) {
  value = rest_of_line()
  if (index(value, " #")) value = substr(value, 1, index(value, " #") - 1)
  sub(/[ \t\r]+$/, "", value)
  return expand(value)
}

function read_statement(    end, value, quote) {
  sub(/^export[ \t]+/, "", text)
  match(text, /[=:\n]/)
  end = substr(text, RSTART, 1)
  key = substr(text, 1, RSTART - 1)
  text = substr(text, RSTART + 1)
  sub(/[ \t\r]+$/, "", key)
  if (key ~ /[ \t!"#$%&'()*+,\/;<>?@\\^`{|}~]/) {
    complain("this is no name")
    if (end != "\n") rest_of_line()
    return
  }
  # A name alone takes the shell's value, which wins anyway.
  if (end == "\n") return
  sub(/^[ \t\r]+/, "", text)
  is_broken = 0
  quote = substr(text, 1, 1)
  value = (quote == "\"" || quote == "'") ? quoted_value(quote) : plain_value()
  if (!is_broken) values[key] = value
}

NR == 1 { sub(/^\357\273\277/, "") }
{ text = text $0 "\n" }
END {
  for (;;) {
    sub(/^[ \t\r\n]+/, "", text)
    if (text == "") break
    if (text ~ /^#/) rest_of_line()
    else read_statement()
  }
  if (ask == "presence") exit !(wanted in values)
  if (ask == "problems") printf "%s", problems
  else if (wanted in values) printf "%s", values[wanted]
}
