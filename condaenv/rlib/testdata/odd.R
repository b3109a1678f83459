# Makes odd.tar.gz: libraries of one package each, all odd in some way, and what R says of them.
# It was run with R 4.2.2 in this folder: LC_ALL=C.UTF-8 Rscript --vanilla odd.R
#
# odd/NAME/pkg/Meta/package.rds is what the case is about; odd/expected.tsv has a line for each case:
# its name, "row", "skip" or "fail" (of installed.packages() as a whole), and the version of a row in hexadecimal
# digits, or NA. A package has the version 1.2.3, unless the case is about it. DESCRIPTION says 9.9.9, so that it shows
# if it is read, but 1.2.3 in the cases whose package.rds this project is known not to decode ("fallback").
options(warn = -1)
top <- getwd()
setwd(tempdir())
D <- c(Package = "pkg", Version = "1.2.3", Author = "J\u00fcrgen", Built = "R 4.2.2; ; 2022-11-11 05:12:13 UTC; unix")
B <- list(R = R_system_version("4.2.2"), Platform = "", Date = "2022-11-11 05:12:13 UTC", OStype = "unix")
ok <- list(DESCRIPTION = D, Built = B, Rdepends = list(), Depends = list(list(name = "R", op = ">=", version = package_version("3.5"))))
versioned <- function(v) list(DESCRIPTION = c(Package = "pkg", Version = v, Built = "x"), Built = B)

place <- function(name, fallback = FALSE) {
  dir.create(file.path("odd", name, "pkg", "Meta"), recursive = TRUE)
  writeLines(c("Package: pkg", paste("Version:", if (fallback) "1.2.3" else "9.9.9")), file.path("odd", name, "pkg", "DESCRIPTION"))
  file.path("odd", name, "pkg", "Meta", "package.rds")
}
bytes <- function(name, raw, fallback = FALSE) writeBin(raw, place(name, fallback))
object <- function(name, x, fallback = FALSE, ...) saveRDS(x, place(name, fallback), ...)
run <- function(command, input) { f <- tempfile(); writeBin(input, f); p <- pipe(paste(command, "<", f), "rb"); on.exit(close(p)); readBin(p, "raw", 1e7) }
xdr <- function(x, ...) serialize(x, NULL, ...)

# The formats of the serialization.
for (v in 2:3) {
  for (compress in c("gzip", "bzip2", "xz")) object(paste0("format-", compress, "-", v), ok, compress = compress, version = v)
  object(paste0("format-none-", v), ok, compress = FALSE, version = v)
  object(paste0("format-ascii-", v), ok, ascii = TRUE, version = v)
  bytes(paste0("format-hex-", v), xdr(ok, ascii = NA, version = v))
  bytes(paste0("format-native-", v), xdr(ok, xdr = FALSE, version = v))
}
bytes("format-ascii-after-line-break", c(charToRaw("\n"), xdr(ok, ascii = TRUE)))
bytes("format-second-byte", { r <- xdr(ok); r[2] <- charToRaw("?"); r })
bytes("format-unknown", { r <- xdr(ok); r[1] <- charToRaw("Y"); r })
bytes("format-ascii-cut-at-last-line-break", { r <- xdr(ok, ascii = TRUE); r[-length(r)] })
header <- function(version, oldest) { r <- xdr(ok, version = 2); r[6] <- as.raw(version); r[11:14] <- as.raw(oldest); r }
bytes("format-version-1", header(1, c(0, 2, 3, 0)))
bytes("format-version-4-for-old-R", header(4, c(0, 3, 5, 0)))
bytes("format-version-4-experimental", header(4, c(255, 255, 255, 255)))
bytes("format-version-4-of-a-later-R", header(4, c(0, 5, 0, 0)), fallback = TRUE)
bytes("format-encoding-name-too-long", { r <- xdr(ok); r[15:18] <- as.raw(c(0, 0, 0, 64)); r })
bytes("format-empty", raw(0)); bytes("format-one-byte", charToRaw("X")); bytes("format-text", charToRaw("Package: pkg\nVersion: 1.0\n"))
bytes("format-header-only", xdr(ok)[1:23])
bytes("format-garbage-behind", c(xdr(ok), charToRaw("garbage")))

# Compression, as other programs do it, and damage that R bears.
plain <- xdr(ok)
half <- length(plain) %/% 2
gz <- function(raw) run("gzip -c", raw)
whole <- gz(plain)
bytes("gzip-two-members", c(gz(plain[1:half]), gz(plain[-(1:half)])))
bytes("gzip-three-members-one-empty", c(gz(plain[1:half]), gz(raw(0)), gz(plain[-(1:half)])))
bytes("gzip-stored", run("gzip -1 -c", as.raw(c(plain, sample(0:255, 200, TRUE)))))
bytes("gzip-garbage-behind", c(whole, charToRaw("garbage")))
bytes("gzip-no-trailer", whole[1:(length(whole) - 8)])
bytes("gzip-cut", whole[1:(length(whole) %/% 2)])
bytes("gzip-wrong-checksum", { r <- whole; i <- length(r) - 7; r[i] <- xor(r[i], as.raw(1)); r })
bytes("gzip-wrong-length", { r <- whole; i <- length(r); r[i] <- xor(r[i], as.raw(1)); r })
bytes("gzip-wrong-checksum-of-first-member", { r <- gz(plain[1:half]); i <- length(r) - 7; r[i] <- xor(r[i], as.raw(1)); c(r, gz(plain[-(1:half)])) })
gzheader <- function(flags, fields) c(whole[1:3], as.raw(flags), whole[5:10], fields, whole[-(1:10)])
bytes("gzip-header-name", gzheader(8, c(charToRaw("package"), as.raw(0))))
bytes("gzip-header-all", gzheader(31, c(as.raw(c(3, 0)), charToRaw("abc"), charToRaw("n"), as.raw(0), charToRaw("c"), as.raw(0), as.raw(c(1, 2)))))
bytes("gzip-header-reserved-flag", gzheader(32, raw(0)))
bytes("gzip-header-method", { r <- whole; r[3] <- as.raw(7); r })
bytes("gzip-within-gzip", gz(whole))
bz <- function(raw) run("bzip2 -c", raw)
bytes("bzip2-two-streams", c(bz(plain[1:half]), bz(plain[-(1:half)])))
bytes("bzip2-garbage-behind", c(bz(plain), charToRaw("garbage")))
bytes("bzip2-no-end", { r <- bz(plain); r[1:(length(r) - 8)] })
bytes("bzip2-wrong-checksum-of-block", { r <- bz(plain); r[11] <- xor(r[11], as.raw(1)); r })
bytes("bzip2-wrong-checksum-of-stream", { r <- bz(plain); i <- length(r) - 2; r[i] <- xor(r[i], as.raw(16)); r })
bytes("bzip2-wrong-checksum-behind-the-object", { r <- bz(c(plain, as.raw(1:9))); r[11] <- xor(r[11], as.raw(1)); r })
for (check in c("none", "crc32", "crc64", "sha256")) bytes(paste0("xz-", check), run(paste0("xz -c --check=", check), plain))
bytes("xz-two-streams", c(run("xz -c", plain[1:half]), raw(4), run("xz -c", plain[-(1:half)])))
bytes("xz-garbage-behind", c(run("xz -c", plain), charToRaw("garbage")))
bytes("xz-no-end", { r <- run("xz -c", plain); r[1:(length(r) - 20)] })
bytes("xz-filters", run("xz -c --x86 --delta=dist=1 --lzma2=preset=6", plain))
bytes("xz-9", run("xz -9 -c", plain))
bytes("xz-dictionary-of-128-MiB", run("xz -c --lzma2=dict=128MiB", plain), fallback = TRUE)
bytes("lzma-alone", run("xz --format=lzma -c", plain), fallback = TRUE)
bytes("lzop", c(as.raw(0x89), charToRaw("LZO"), as.raw(c(0, 13, 10)), plain))

# Versions.
object("version-NA", versioned(NA_character_)); object("version-empty", versioned("")); object("version-text-NA", versioned("NA"))
object("version-line-break", versioned("1.0\n.1")); object("version-blanks", versioned(" 1.0 ")); object("version-quotes", versioned("a\"b\\c"))
object("version-utf8", versioned("1.0-\u00e4\u20ac\U0001F600")); object("version-utf8-ascii", versioned("1.0-\u00e4\u20ac\U0001F600"), ascii = TRUE)
latin1 <- "1.0-\xe4"; Encoding(latin1) <- "latin1"; object("version-latin1", versioned(latin1)); object("version-latin1-2", versioned(latin1), version = 2)
bytes("version-native-latin1", { r <- xdr(versioned("1.0-\xe4")); c(r[1:14], as.raw(c(0, 0, 0, 10)), charToRaw("ISO-8859-1"), r[-(1:23)]) })
object("version-native-not-utf8", versioned("1.0-\xe4-\xff"))
object("version-native-not-utf8-2", versioned("1.0-\xe4-\xff"), version = 2)
object("version-long", versioned(strrep("1.", 5000)))
object("version-twice", list(DESCRIPTION = c(Version = "1", Version = "2", Built = "b"), Built = B))
object("version-name-with-blank", list(DESCRIPTION = c("Version " = "1.0", Built = "b"), Built = B))
object("version-name-in-lower-case", list(DESCRIPTION = c(version = "1.0", Built = "b"), Built = B))
object("version-name-begins-so", list(DESCRIPTION = c(Version2 = "1.0", Built = "b"), Built = B))

# What DESCRIPTION and Built may be instead.
for (x in list(list("numeric", c(Version = 1.25, Built = 1)), list("large", c(Version = 1e5, Built = 1)), list("integer", c(Version = 3L, Built = 1L)),
               list("logical", c(Version = TRUE, Built = NA)), list("logical-NA", c(Version = NA, Built = TRUE)), list("raw", structure(as.raw(1:2), names = c("Version", "Built"))),
               list("raw-without-names", as.raw(1:2)), list("list", list(Version = "1.9", Built = "x")), list("list-without-names", list("1.9", "x")),
               list("function", function(x) 1), list("symbol", quote(a)), list("environment", globalenv()), list("call", quote(f(Version = 1, Built = 2))),
               list("pairlist", pairlist(Version = "4", Built = "b")), list("expression", expression(Version = "4", Built = "b")),
               list("array", array(c("1.1", "b"), 2, list(c("Version", "Built")))), list("matrix", matrix(c("1.1", "b"), 1, dimnames = list(NULL, c("Version", "Built")))),
               list("factor", structure(factor(c("9.9", "zz")), names = c("Version", "Built"))), list("without-names", unname(D)), list("of-class", structure(D, class = "foo")),
               list("without-Built", D[-4]), list("without-Version", D[-2]), list("empty", character()), list("NULL", NULL)))
  object(paste0("description-", x[[1]]), list(DESCRIPTION = x[[2]], Built = B))
for (x in list(list("text", "R 4"), list("NULL", NULL), list("empty", list()), list("function", sum), list("environment", list2env(list(R = "4"))), list("version", R_system_version("4.2.2")),
               list("pairlist", pairlist(R = "4")), list("R-text", list(R = "4.2.2")), list("R-no-text", list(R = character())), list("R-empty-list", list(R = list())), list("R-two-texts", list(R = c("a", "b"))),
               list("R-builtin", list(R = sum)), list("R-function", list(R = function(x) 1)), list("R-environment", list(R = globalenv())), list("R-symbol", list(R = quote(x))), list("R-call", list(R = quote(f(x)))),
               list("R-expression", list(R = expression(a))), list("R-begins-so", list(Rv = "1")), list("R-two-begin-so", list(Rv = "1", Rw = "2")), list("R-NA", list(R = NA)), list("R-raw", list(R = raw(0))),
               list("R-no-version", list(R = R_system_version(character())))))
  object(paste0("built-", x[[1]]), list(DESCRIPTION = D, Built = x[[2]]))

# What the whole may be instead.
for (x in list(list("NULL", NULL), list("symbol", quote(a)), list("function", function(x) 1), list("compiled", compiler::cmpfun(function(x, ...) { y <- x + 1; if (y > 2) foo(y, ...) else x })),
               list("builtin", sum), list("byte-code", compiler::compile(quote(x + 1))), list("environment", list2env(ok)), list("environment-of-one-list", list2env(ok, hash = FALSE)), list("empty-environment", new.env()),
               list("pairlist", as.pairlist(ok)), list("call", as.call(c(quote(f), ok))), list("expression", as.expression(ok)), list("formula", y ~ x), list("data-frame", data.frame(DESCRIPTION = 1:2, Built = 1:2)),
               list("integer", 1L), list("logical", NA), list("text", "a"), list("raw", raw(2)), list("complex", 1i), list("time", Sys.time()), list("empty-list", list()), list("empty-text", character()),
               list("S4", getClass("numeric")), list("without-names", list(D, B)), list("names-begin-so", list(DESCRIPTIONx = D, Builtx = list(Rr = 1))),
               list("two-names-begin-so", list(DESCRIPTIONx = D, DESCRIPTIONy = D, Built = B)), list("names-twice", list(DESCRIPTION = D, DESCRIPTION = versioned("2")$DESCRIPTION, Built = B)),
               list("of-class", structure(ok, class = "foo")), list("of-class-try-error", structure(ok, class = "try-error")), list("of-class-version", structure(ok, class = "package_version")),
               list("error", try(stop("x"), silent = TRUE))))
  object(paste0("whole-", x[[1]]), x[[2]])

# Alternative representations, and large or deep objects beside what counts.
wrap <- function(x) .Internal(wrap_meta(x, TRUE, TRUE))
with <- function(x) c(ok, list(extra = x))
object("altrep-wrapped-text", list(DESCRIPTION = wrap(D), Built = B))
object("altrep-deferred-text", list(DESCRIPTION = structure(as.character(c(3L, 4L)), names = c("Version", "Built")), Built = B))
object("altrep-deferred-numbers", list(DESCRIPTION = structure(as.character(c(1e5, 0.1)), names = c("Version", "Built")), Built = B))
object("altrep-sequence", with(list(1:10, 10:1, as.numeric(1:3), wrap(c(1.5, 2)), wrap(1:3), wrap(c(TRUE, NA)), wrap(1i), wrap(as.raw(1)))))
object("altrep-sequence-is-description", list(DESCRIPTION = structure(3:4, names = c("Version", "Built")), Built = B))
object("large-sequence", with(1:1e9)); object("large-sequence-2", with(1:1e5), version = 2)
object("large-numbers", with(numeric(1e6))); object("large-numbers-ascii", with(numeric(1e5)), ascii = TRUE)
object("large-list", with(vector("list", 1e5))); object("large-text", with(character(1e5))); object("large-names", with(structure(as.list(1:3e3), names = paste0("n", 1:3e3))))
object("large-beyond-limit", with(numeric(3e6)), fallback = TRUE)
object("large-number-of-values", with(rep(list(1L), 3e5)), fallback = TRUE)
object("large-first", c(list(extra = raw(1e6)), ok))
nest <- function(n) { x <- 1; for (i in 1:n) x <- list(x); x }
object("deep-1000", with(nest(1000))); object("deep-4500", with(nest(4500)), fallback = TRUE)
object("long-pairlist", with(as.pairlist(as.list(1:2e4))))
object("many-symbols", with(lapply(paste0("s", 1:300), as.name)))
object("functions", with(list(sum, `if`, function(x) x, compiler::cmpfun(function(x) x + 1), asNamespace("stats"), as.environment("package:stats"), emptyenv(), baseenv(), globalenv(), getClass("numeric"), quote(f(x, , ...)))))

outcome <- function(lib) tryCatch({
  m <- installed.packages(lib.loc = lib, noCache = TRUE)[, c("Package", "Version"), drop = FALSE]
  if (nrow(m) == 0) "skip\t" else if (is.na(m[[1, 2]])) "row\tNA" else paste0("row\t", paste(charToRaw(enc2utf8(m[[1, 2]])), collapse = ""))
}, error = function(e) "fail\t")
names <- sort(list.files("odd"), method = "radix")
sink(tempfile()); answers <- vapply(names, function(n) outcome(file.path("odd", n)), ""); sink()
writeLines(paste(names, answers, sep = "\t"), "odd/expected.tsv")
system2("tar", c("--sort=name", "--owner=0", "--group=0", "--mtime=2022-11-11", "-cf", "odd.tar", "odd"))
system2("gzip", c("-9n", "odd.tar"))
file.copy("odd.tar.gz", top, overwrite = TRUE)
