package rds

import "fmt"

// flags is the integer every item begins with: a type code in the lowest byte, then three bits, then
// the 16 bits of the object's "gp" field, of which only strings need some.
type flags uint32

func (f flags) code() int     { return int(f & 0xff) }
func (f flags) hasAttr() bool { return f&(1<<9) != 0 }
func (f flags) hasTag() bool  { return f&(1<<10) != 0 }

// ref is the number in the flags of a reference, or 0 if it follows as an integer. It
// may be negative in a broken file.
func (f flags) ref() int32 { return int32(f) >> 8 }

// The encodings of a string, by the bits in its flags.
const (
	flagBytes  flags = 1 << (12 + 1)
	flagLatin1 flags = 1 << (12 + 2)
	flagUTF8   flags = 1 << (12 + 3)
	flagASCII  flags = 1 << (12 + 6)
)

// The type codes: R's own types, and from 238 on those of the serialization.
const (
	codeSymbol        = 1
	codePairlist      = 2
	codeClosure       = 3
	codeEnvironment   = 4
	codePromise       = 5
	codeLanguage      = 6
	codeSpecial       = 7
	codeBuiltin       = 8
	codeChar          = 9
	codeLogical       = 10
	codeInteger       = 13
	codeReal          = 14
	codeComplex       = 15
	codeString        = 16
	codeDots          = 17
	codeList          = 19
	codeExpression    = 20
	codeByteCode      = 21
	codeExternal      = 22
	codeWeakRef       = 23
	codeRaw           = 24
	codeS4            = 25
	codeAltrep        = 238
	codeAttrPairlist  = 239 // Only within byte code, as are the next three.
	codeAttrLanguage  = 240
	codeByteCodeRef   = 243
	codeByteCodeDef   = 244
	codeBaseEnv       = 241
	codeEmptyEnv      = 242
	codePackage       = 248
	codeNamespace     = 249
	codeBaseNamespace = 250
	codeMissingArg    = 251
	codeUnbound       = 252
	codeGlobalEnv     = 253
	codeNil           = 254
	codeReference     = 255
)

func (r *reader) flags() (flags, error) {
	n, err := r.integer()
	return flags(n), err
}

// next reads an item that is part of another one.
func (r *reader) next() (*Value, error) {
	f, err := r.flags()
	if err != nil {
		return nil, err
	}
	return r.item(f)
}

// item reads what follows the flags of an item.
func (r *reader) item(f flags) (*Value, error) {
	if r.depth++; r.depth > r.limits.Depth {
		return nil, fmt.Errorf("%w: it nests more than %d deep", ErrUnsupported, r.limits.Depth)
	}
	defer func() { r.depth-- }()

	switch f.code() {
	case codeNil:
		return null, nil
	case codeReference:
		return r.reference(f)
	case codeSymbol:
		return r.symbol()
	case codePairlist, codeClosure, codePromise, codeLanguage, codeDots:
		return r.dotted(f)
	case codeEnvironment:
		return r.environment()
	case codePackage, codeNamespace:
		return r.named()
	case codeBaseEnv, codeEmptyEnv, codeGlobalEnv, codeBaseNamespace:
		return r.value(Environment)
	case codeMissingArg, codeUnbound:
		return r.value(Symbol)
	case codeAltrep:
		return r.altrep()
	default:
		return r.plain(f)
	}
}

// plain reads an item of a type that may have attributes behind it.
func (r *reader) plain(f flags) (*Value, error) {
	v, err := r.content(f)
	if err != nil || !f.hasAttr() {
		return v, err
	}
	attrs, err := r.attributes()
	if err != nil {
		return nil, err
	}
	if v != null {
		v.attrs = attrs
	}
	return v, nil
}

// attributes reads the pairlist of an item's attributes.
func (r *reader) attributes() (*Value, error) {
	attrs, err := r.next()
	if err != nil {
		return nil, err
	}
	if attrs.kind != Pairlist && attrs.kind != Null {
		return nil, fmt.Errorf("%w: attributes are no pairlist", ErrCorrupt)
	}
	return attrs, nil
}

func (r *reader) content(f flags) (*Value, error) {
	switch f.code() {
	case codeChar:
		return r.char(f)
	case codeLogical:
		return r.ints(Logical)
	case codeInteger:
		return r.ints(Integer)
	case codeReal:
		return r.reals()
	case codeComplex:
		return r.complexes()
	case codeRaw:
		return r.raws()
	case codeString:
		return r.strings()
	case codeList:
		return r.list(List)
	case codeExpression:
		return r.list(Expression)
	case codeByteCode:
		return r.byteCode()
	case codeExternal:
		return r.external()
	case codeWeakRef:
		return r.registered(Other)
	case codeS4:
		return r.value(S4)
	case codeSpecial, codeBuiltin:
		return r.primitive()
	default:
		// Class and generic references (245, 246), persistent names (247) and NULL as a
		// type of R (0, for it is written as 254) end here too: readRDS() refuses them.
		return nil, fmt.Errorf("%w: it has an item of type %d", ErrCorrupt, f.code())
	}
}

// registered makes a value to which later items may refer.
func (r *reader) registered(kind Kind) (*Value, error) {
	v, err := r.value(kind)
	if err == nil {
		r.refs.add(v)
	}
	return v, err
}

func (r *reader) reference(f flags) (*Value, error) {
	number := f.ref()
	if number == 0 {
		var err error
		if number, err = r.integer(); err != nil {
			return nil, err
		}
	}
	return r.refs.get(number)
}
