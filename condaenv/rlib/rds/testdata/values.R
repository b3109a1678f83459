# Makes values.tar.gz: R objects in every format of the serialization, files written by hand, and what R makes of them.
# It was run with R 4.2.2 in this folder: LC_ALL=C.UTF-8 Rscript --vanilla values.R
#
# values/NAME/FORMAT is an object in one format, and values/NAME/want describes it. texts/NAME/file is a file in the
# ASCII format that no R has written, and texts/NAME/want says what readRDS() returns, or "error".
options(warn = -1)
set.seed(1)
top <- getwd()
setwd(tempdir())

quoted <- function(s) {
  if (is.na(s)) return("NA")
  if (Encoding(s) == "bytes") s <- gsub("\\\\", "\\", encodeString(s), fixed = TRUE) # as R prints it, without quotes
  bytes <- as.integer(charToRaw(enc2utf8(s)))
  plain <- bytes >= 32 & bytes < 127 & bytes != 34 & bytes != 92
  paste0('"', paste(ifelse(plain, rawToChar(as.raw(bytes), multiple = TRUE), sprintf("\\x%02x", bytes)), collapse = ""), '"')
}
describe <- function(x, indent = "") {
  inner <- paste0(indent, "  ")
  kind <- switch(typeof(x), double = "real", character = "string", closure = , builtin = , special = , bytecode = ,
                 externalptr = , weakref = "other", char = "char", typeof(x))
  line <- function(...) cat(indent, ..., "\n", sep = "")
  if (typeof(x) == "symbol") line("symbol ", quoted(as.character(x)))
  else if (kind %in% c("NULL", "environment", "S4", "other")) line(kind)
  else line(kind, " ", format(length(x), scientific = FALSE))
  if (kind %in% c("logical", "integer", "real", "string") && length(x) < 5000)
    for (s in as.character(unclass(x))) cat(inner, quoted(s), "\n", sep = "")
  if (kind %in% c("list", "expression", "pairlist", "language"))
    for (i in seq_along(x)) {
      n <- names(x)[i]
      cat(inner, "[", if (!is.null(n) && nzchar(n)) quoted(n), "]\n", sep = "")
      describe(if (is.pairlist(x) || is.language(x)) as.list(x)[[i]] else .subset2(x, i), inner)
    }
  if (!(kind %in% c("NULL", "symbol", "environment", "S4", "other")))
    for (a in sort(setdiff(as.character(names(attributes(x))), if (is.pairlist(x) || is.call(x)) "names"), method = "radix")) {
      cat(inner, "@", a, "\n", sep = "")
      describe(attr(x, a, exact = TRUE), inner)
    }
}
want <- function(x, path) { sink(path); on.exit(sink()); describe(x) }

object <- function(name, x) {
  folder <- file.path("values", name)
  dir.create(folder, recursive = TRUE)
  put <- function(format, ...) writeBin(serialize(x, NULL, ...), file.path(folder, format))
  for (v in 2:3) {
    put(paste0("xdr-", v), version = v); put(paste0("native-", v), xdr = FALSE, version = v)
    put(paste0("ascii-", v), ascii = TRUE, version = v); put(paste0("hex-", v), ascii = NA, version = v)
  }
  want(x, file.path(folder, "want"))
}

latin1 <- "\xe4\xf6"; Encoding(latin1) <- "latin1"
octets <- "a\xff\\"; Encoding(octets) <- "bytes"
numbers <- c(0, -0, 1, -1, 0.1, 0.1 + 0.2, 1 / 3, 2 / 3, 1e5, 123456, 1e15, 1e-4, 1e-5, 0.00012, 123456.7, 1e5 + 0.1, 100000.5, 1234567890123456, 1e22, 2^53, 2^-1074,
             1.7e308, pi, exp(1), NA, NaN, Inf, -Inf, 4.2, 1.10, 99999, 999999, 0.99999999999999994, 1e-300, 31.4159e5, 12e10)
# The ASCII format has no more than 16 digits, so more would be lost in it.
random <- signif(c(runif(100), rnorm(100) * 10^sample(-20:20, 100, TRUE), round(runif(100) * 100, 2), sample(1e9, 100), signif(runif(100), 3) * 10^sample(-8:8, 100, TRUE)), 15)

object("null", NULL); object("logical", c(TRUE, FALSE, NA)); object("integer", c(0L, -1L, NA, .Machine$integer.max, -.Machine$integer.max))
object("real", numbers); object("real-random", random); object("complex", c(1i, NA)); object("raw", as.raw(c(0, 1, 127, 128, 255)))
object("string", c("", "a", NA, "NA", "\u00e4\u20ac\U0001F600", latin1, octets)); object("string-escapes", c("\n\t\v\b\r\f\a\\?'\"", "\1\2\1774", "  blanks  ", "\0331", "\u00e41"))
object("empty", list(logical(), integer(), numeric(), complex(), character(), raw(), list(), expression()))
object("list", list(a = 1L, 2, "b" = list(c = NULL, "d"))); object("names", c(a = 1L, b = 2L, 3L)); object("attributes", structure(1:2, x = "y", class = c("p", "q"), dim = c(1L, 2L)))
object("array-of-one-dimension", array(1:2, 2, list(c("a", "b")))); object("factor", factor(c("u", "v", "u")))
object("pairlist", pairlist(a = 1L, 2L, b = "c")); object("call", quote(f(x, y = 1, g(z), ))); object("expression", expression(a, b + 1)); object("formula", local(y ~ x, globalenv()))
object("symbol", quote(`a symbol`)); object("references", list(quote(a), quote(b), quote(a), globalenv(), emptyenv(), baseenv(), quote(b)))
e <- new.env(); assign("self", e, e); assign("n", 1L, e); object("environment", list(e, e, quote(after), quote(after)))
object("environment-of-one-list", list2env(list(a = 1, b = 2), hash = FALSE)); object("namespace", list(asNamespace("stats"), asNamespace("stats"), baseenv(), asNamespace("base"), as.environment("package:stats")))
object("functions", list(sum, `if`, function(x, ...) { x + 1 }, quote(after))); object("S4", getClass("numeric"))
f <- compiler::cmpfun(function(x, ...) { y <- x + 1; while (y < 3) { y <- y + 1; foo(y, z = quote(a(b, c(d)))) }; for (i in 1:3) if (i > 2) foo(y, ...) else x; switch(x, a = 1, b = 2) })
object("byte-code", list(f, quote(after), compiler::compile(quote(if (a) b(c, d = 2) else function(x) x + 1))))
object("sequence", list(1:5, 5:1, c(1, 2, 3), as.numeric(2:4), 1:300)); object("deferred-text", list(as.character(1:4), as.character(c(1.5, 1e5, NA)), as.character(c(NA, 3L))))
wrap <- function(x) .Internal(wrap_meta(x, TRUE, TRUE))
object("wrapped", list(wrap(c(1.5, 2)), wrap(3:1), wrap(c(TRUE, NA)), wrap(1i), wrap(as.raw(1)), wrap(c("a", NA)), structure(wrap(c("a", "b")), names = c("x", "y"))))
object("version", list(R = R_system_version("4.2.2"))); object("long-list", as.list(1:300))

text <- function(name, body, head = "A 2 262658 131840") {
  folder <- file.path("texts", name)
  dir.create(folder, recursive = TRUE)
  file <- file.path(folder, "file")
  writeBin(charToRaw(paste0(sub(" ", "\n", head), "\n", body, "\n")), file)
  out <- file.path(folder, "want")
  tryCatch(want(readRDS(file), out), error = function(e) cat("error\n", file = out))
}
chars <- function(s, n) paste("16 1 9", n, s)

# Numbers as words: C's scanf() reads them.
for (w in c("7", "+7", "-7", "007", "NA", "12x", "1.9", "0x10", "1e3", "2147483647", "-2147483648", "2147483648", "99999999999999999999", "-99999999999999999999", "9223372036854775807", "x", "-", "+", "+-1", "NAN", "--1"))
  text(paste0("integer ", w), paste("13 1", w))
for (w in c("1.5", "+1.5", ".5", "5.", "1e3", "1e400", "-1e400", "1e-400", "NA", "NaN", "Inf", "-Inf", "inf", "infinity", "nan", "1.5x", "0x1p3", "0x1p-2", "0x1A", "0x.8p1", "0x1.8", "1_0", "0x1_0p0", "x", "-", ".", "e5", "1d3", "+Inf", "1e3.5", "-0x1p3", "0x", "0xg", "0x1p", "+0X1A"))
  text(paste0("real ", w), paste("14 1", w))
for (w in c("0", "1", "5", "-3", "NA")) text(paste0("logical ", w), paste("10 1", w))
for (w in c("00", "ff", "FF", "f", "123", "-1", "+f", "fz", "zz", "0x1f", "x", "-")) text(paste0("raw ", w), paste("24 1", w))
text("word of 127 characters", paste("13 1", strrep("0", 127))); text("word of 128 characters", paste("13 1", strrep("0", 128))); text("word of 200 characters", paste("13 1", strrep("0", 200)))
text("blanks before words", "13 \t\v\f\r\n 1 \n\n 5"); text("too few numbers", "13 2 1"); text("complex", "15 2 1 2 3 NA"); text("complex cut", "15 1 1")

# Lengths.
text("length of 0", "13 0"); text("length below -1", "13 -2 1"); text("length in two words", "13 -1 0 2 1 2"); text("length in two words cut", "13 -1 0"); text("list length below -1", "19 -5"); text("length NA", "13 NA 1")
text("length in two words beyond sanity", "13 -1 65537 0 1")

# Strings.
text("escapes", chars("\\n\\t\\v\\b\\r\\f\\a\\\\\\?\\'\\\"", 11)); text("octal escapes", chars("\\101\\7z\\1012\\18", 7)); text("octal escape of a large number", chars("\\777a", 2)); text("unknown escapes", chars("\\q\\x\\9", 3))
text("string NA", "16 1 9 -1"); text("string of negative length", "16 1 9 -2"); text("string with a NUL byte", chars("a\\000b", 3)); text("string with blanks within", chars("a b\nc", 5)); text("string without a blank behind", "16 2 9 2 ab9 1 c")
text("string cut", chars("ab", 9)); text("string cut in an escape", chars("a\\", 3)); text("octal digit before a line break", chars("a\\1", 3)); text("empty string", "16 2 9 0 9 1 a"); text("string of type integer", "16 1 13 1 a")
text("string with attributes", "16 2 521 1 a 254 9 1 b"); text("string latin1", "16 1 16393 2 a\\344"); text("string utf8", "16 1 32777 2 \\303\\244"); text("string bytes", "16 1 8201 2 a\\344"); text("string broken utf8", "16 1 32777 3 a\\303b")
text("string latin1 in ASCII", "16 1 16393 1 a"); text("string without encoding", "16 1 9 3 a\\303\\244"); text("string without encoding broken", "16 1 9 2 a\\344")

# Symbols and references.
text("symbol", "1 9 3 foo"); text("symbol without a name", "1 9 0"); text("symbol of type integer", "1 13 1 5"); text("symbol of 9999 bytes", paste("1 9 9999", strrep("a", 9999))); text("symbol of 10000 bytes", paste("1 9 10000", strrep("a", 10000))); text("symbol of 10001 bytes", paste("1 9 10001", strrep("a", 10001)))
text("reference packed", "19 2 1 9 1 a 511"); text("reference apart", "19 2 1 9 1 a 255 1"); text("reference to the second", "19 4 1 9 1 a 1 9 1 b 767 255 1"); text("reference to itself", "19 1 511"); text("reference 0", "19 2 1 9 1 a 255 0"); text("reference negative", "19 2 1 9 1 a -1")
text("reference within the table", "19 2 1 9 1 a 255 128"); text("reference beyond the table", "19 2 1 9 1 a 255 129"); text("reference in a table grown", paste("19 129", paste("1 9 4", sprintf("s%03d", 1:128), collapse = " "), "255 200")); text("reference beyond a table grown", paste("19 129", paste("1 9 4", sprintf("s%03d", 1:128), collapse = " "), "255 257"))
text("reference to a pointer", "19 2 22 254 254 511"); text("reference to a weak reference", "19 2 23 511"); text("reference cut", "255")

# Items.
for (code in c(0, 9, 11, 12, 18, 21, 26, 30, 99, 100, 237, 245, 246, 247)) text(paste("code", code), paste(code, "254 254 254"))
text("code with upper bits", "-65023 9 1 a"); for (code in c(241, 242, 250, 251, 253, 254)) text(paste("code", code), paste("19 1", code))
text("attributes", "525 1 5 1026 1 9 1 a 13 1 6 254"); text("attributes NULL", "525 1 5 254"); text("attributes of type integer", "525 1 5 13 1 6"); text("attributes cut", "525 1 5 1026"); text("attributes of NULL", "19 1 766")
text("pairlist", "1026 1 9 1 a 13 1 5 2 13 1 6 254"); text("pairlist cut", "1026 1 9 1 a 13 1 5"); text("call", "6 1 9 1 f 1026 1 9 1 a 13 1 5 254"); text("call with attributes", "518 1026 1 9 1 x 13 1 1 254 1 9 1 f 254")
text("primitive", "8 3 sum"); text("primitive unknown", "8 5 nosuc"); text("primitive without a name", "8 0"); text("primitive cut", "8 5 su"); text("special", "7 2 if"); text("primitive of a control character", "8 4 su\\001m")
text("S4", "25"); text("S4 with attributes", "537 1026 1 9 1 a 13 1 5 254"); text("environment", "4 0 242 254 254 254"); text("environment locked", "4 1 242 254 254 254"); text("environment cut", "4 0 242 254")
text("package environment", "248 0 1 9 12 package:base"); text("package environment unknown", "248 0 1 9 13 package:nosuc"); text("namespace with version", "249 0 2 9 5 stats 9 5 4.2.2"); text("namespace name 1", "249 1 1 9 4 base"); text("namespace of a number", "249 0 1 13 1 5"); text("namespace cut", "249 0 1")

# Alternative representations: class, package and type, then the state and the attributes.
altrep <- function(class, state, type = "13", attributes = "254") paste("238 2 1 9", nchar(class), class, "2 1 9 4 base 2 13 1", type, "254", state, attributes)
text("altrep sequence", altrep("compact_intseq", "14 3 3 7 1")); text("altrep sequence down", altrep("compact_intseq", "14 3 3 7 -1")); text("altrep sequence by two", altrep("compact_intseq", "14 3 3 7 2")); text("altrep sequence of reals", altrep("compact_realseq", "14 3 3 7 1", "14"))
text("altrep sequence with names", altrep("compact_intseq", "14 3 2 7 1", attributes = "1026 1 9 5 names 16 2 9 1 a 9 1 b 254")); text("altrep of an unknown class", altrep("nosuch", "254")); text("altrep of an unknown class for text", altrep("nosuch", "254", "16")); text("altrep of an unknown class and type", altrep("nosuch", "254", "99"))
text("altrep deferred", altrep("deferred_string", "2 13 2 5 NA 13 1 0", "16")); text("altrep deferred reals", altrep("deferred_string", "2 14 2 1e5 0.0001 13 1 5", "16")); text("altrep wrapped", altrep("wrap_integer", "2 13 2 5 6 13 2 0 0")); text("altrep cut", "238 254")

text("head of version 3", "13 1 5", "A 3 262658 197888 5 UTF-8"); text("head without an encoding", "13 1 5", "A 3 262658 197888 0"); text("head of Latin-1", "16 2 9 2 a\\344 9 1 b", "A 3 262658 197888 10 ISO-8859-1")
text("head of version 1", "13 1 5", "A 1 1 1"); text("head of version 4", "13 1 5", "A 4 262658 197888"); text("head cut", "", "A 2 262658"); text("head of another letter", "13 1 5", "C 2 262658 131840"); text("blank before the format", "13 1 5", "  A 2 262658 131840"); text("line break before the format", "13 1 5", "\nA 2 262658 131840")

system2("tar", c("--sort=name", "--owner=0", "--group=0", "--mtime=2022-11-11", "-cf", "values.tar", "values", "texts"))
system2("gzip", c("-9n", "values.tar"))
file.copy("values.tar.gz", top, overwrite = TRUE)
