//go:build browser

package browser_test

// The names of well-known packages, for the made-up kernels. Versions are made up, but for those that a story is about.
const (
	// condaNames are libraries and programs of conda-forge.
	condaNames = `_libgcc_mutex _openmp_mutex aws-c-auth aws-c-cal aws-c-common aws-c-compression aws-c-event-stream
aws-c-http aws-c-io aws-c-mqtt aws-c-s3 aws-c-sdkutils aws-checksums aws-crt-cpp aws-sdk-cpp binutils_impl_linux-64
bwidget bzip2 c-ares ca-certificates cairo curl expat font-ttf-dejavu-sans-mono font-ttf-inconsolata fontconfig
fonts-conda-ecosystem freetype fribidi gcc_impl_linux-64 geos gflags gfortran_impl_linux-64 giflib glog gmp graphite2 gsl
gxx_impl_linux-64 harfbuzz hdf4 hdf5 icu json-c kernel-headers_linux-64 keyutils krb5 lcms2 ld_impl_linux-64 lerc libabseil
libarchive libarrow libblas libbrotlicommon libbrotlidec libbrotlienc libcblas libcrc32c libcurl libdeflate libedit libev
libevent libexpat libffi libgcc libgcc-devel_linux-64 libgdal libgfortran libgfortran5 libgit2 libglib libgomp libgrpc
libiconv libidn2 libjpeg-turbo liblapack liblzma libnetcdf libnghttp2 libnsl libopenblas libparquet libpng libpq libprotobuf
librttopo libsanitizer libspatialite libsqlite libssh2 libstdcxx libthrift libtiff libudunits2 libunistring libutf8proc
libuuid libwebp-base libxcb libxml2 libzip libzlib lz4-c make ncurses nlopt openjpeg openssl orc pango pcre2 pixman poppler
proj re2 readline s2n sed snappy sqlite sysroot_linux-64 tk tktable toml tzdata udunits2 xerces-c xz zlib zstd`

	// rNames are packages of R that conda-forge has too, as R spells them.
	rNames = `abind askpass assertthat backports base64enc bit bit64 bitops blob boot brew brio broom bslib cachem callr
caTools cellranger class classInt cli cluster coda codetools colorspace commonmark cpp11 crayon credentials crosstalk curl
data.table DBI dbplyr deldir desc devtools diffobj digest dplyr dtplyr e1071 ellipsis evaluate fansi farver fastmap fontawesome
forcats foreach foreign fs future gargle generics geosphere gert ggplot2 gh glue googledrive gridExtra gtable haven highr hms
htmltools htmlwidgets httpuv httr igraph ini isoband iterators jquerylib jsonlite KernSmooth knitr labeling later lattice
lazyeval leaflet lifecycle listenv lme4 lubridate magrittr maps MASS Matrix memoise mgcv mime minqa modelr munsell ncdf4 nlme
nloptr nnet openssl parallelly pillar pkgbuild pkgconfig pkgload plotly plyr prettyunits processx profvis progress promises
proxy ps purrr raster rappdirs RColorBrewer Rcpp RcppArmadillo RcppEigen readr readxl rematch reprex reshape2 rlang rmarkdown
roxygen2 rpart rprojroot rstudioapi rversions rvest s2 sass scales selectr sessioninfo sf shiny sourcetools sp spatial spData
stringi stringr survival sys terra testthat tibble tidyr tidyselect tidyverse timechange tinytex tzdb units usethis utf8 uuid
vctrs viridisLite vroom waldo whisker withr wk xfun XML xml2 xopen xtable yaml zip zoo`

	// pythonNames are distributions for astronomy, and what comes with them.
	pythonNames = `aiohttp aiosignal anyio asdf asteval astroplan astropy astropy-healpix astropy-iers-data astroquery
asttokens attrs beautifulsoup4 bleach bokeh bottleneck Brotli casa-formats-io ccdproc certifi cftime charset-normalizer click
cloudpickle contourpy corner cryptography cycler Cython dask debugpy decorator distributed dust_extinction emcee executing
fitsio fonttools frozenlist fsspec galpy ginga glue-core h11 h5py healpy html5lib httpcore httpx idna imageio importlib-metadata
ipykernel ipython ipywidgets jedi Jinja2 joblib jsonschema jupyter-client jupyter-core jupyterlab keyring kiwisolver lightkurve
llvmlite lmfit locket lxml Markdown markdown-it-py MarkupSafe matplotlib mpmath msgpack multidict nbclient nbconvert nbformat
nest-asyncio networkx notebook numba numexpr numpy oktopus packaging pandas parso partd patsy pexpect photutils pillow pip
platformdirs prometheus-client prompt-toolkit psutil ptyprocess pure-eval pyarrow pycparser pyerfa pyerfa-data Pygments pynbody
pyparsing python-dateutil pytz pyvo PyWavelets PyYAML pyzmq radio-beam referencing regions reproject requests rpds-py
scikit-image scikit-learn scipy seaborn Send2Trash setuptools shapely six sncosmo sniffio sortedcontainers soupsieve specreduce
spectral-cube specutils stack-data statsmodels sunpy sympy tables tblib terminado threadpoolctl tifffile tinycss2 toolz tornado
tqdm traitlets typing_extensions tzdata uncertainties urllib3 vispy wcwidth webencodings wheel widgetsnbextension xarray yarl
yt zarr zict zipp`

	// biocNames are packages of Bioconductor.
	biocNames = `AnnotationDbi Biobase BiocGenerics BSgenome BiocParallel Biostrings DelayedArray DESeq2 edgeR
GenomeInfoDb GenomicRanges IRanges limma S4Vectors SummarizedExperiment XVector`
)
