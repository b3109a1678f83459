package matchspec

import "strings"

// parseExpression reads conditions joined by "," and "|". Errors speak of the piece at fault; the caller restates them.
func parseExpression(text string) (condition, *ParseError) {
	switch structureOf(text) {
	case structureNone:
		return parseCondition(text)
	case structureLists:
		return parseList(text, opEither)
	default:
		p := expressionParser{text: text, operators: []byte{'('}}
		return p.parse()
	}
}

// How much structure a text has.
const (
	structureNone  = iota
	structureLists // Commas and bars only.
	structureFull  // Parentheses or regular expressions.
)

// structureOf looks, as conda's regular expression does, for something to take apart in the first line only.
func structureOf(text string) int {
	structure := structureNone
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', ')', '^', '$':
			return structureFull
		case '|', ',':
			structure = structureLists
		case '\n':
			if structure == structureNone {
				return structure
			}
		}
	}
	return structure
}

const reasonSingle = "cannot join single expression"

// parseList reads a list without parentheses: alternatives of conjunctions (opEither) or a conjunction (opAll).
func parseList(text string, op operator) (list condition, err *ParseError) {
	separator := ","
	if op == opEither {
		separator = "|"
	}
	n := strings.Count(text, separator)
	if n == 0 {
		return parseItem(text, text, op)
	}
	list = condition{op: op, operands: make([]condition, n+1)}
	rest := text
	for i := range list.operands {
		var item string
		item, rest, _ = strings.Cut(rest, separator)
		if list.operands[i], err = parseItem(text, item, op); err != nil {
			return condition{}, err
		}
	}
	return list, nil
}

// parseItem reads an element of a list of op.
func parseItem(list, item string, op operator) (condition, *ParseError) {
	switch {
	case strip(item) == "":
		return condition{}, fault(kindCondition, list, list, reasonSingle)
	case op == opEither:
		return parseList(item, opAll)
	default:
		return parseCondition(item)
	}
}

// expressionParser is conda's treeify: operator precedence with two stacks. It is kept in that shape, for conda accepts
// what a grammar would not, and forgets all but the first operand of "1(2)" and of ")1(".
type expressionParser struct {
	text      string
	operators []byte // "(", "," and "|" that wait for their right side.
	operands  []condition
}

func (p *expressionParser) parse() (condition, *ParseError) {
	for token, rest := nextToken(p.text); token != ""; token, rest = nextToken(rest) {
		if err := p.take(token); err != nil {
			return condition{}, err
		}
	}
	if err := p.take(")"); err != nil { // conda sets the whole text in parentheses.
		return condition{}, err
	}
	if len(p.operators) > 0 {
		return condition{}, fault(kindCondition, p.text, "(", "unable to convert to expression tree")
	}
	if len(p.operands) == 0 {
		return condition{}, faultAt(kindCondition, p.text, "", 0, "unable to determine version from spec")
	}
	root := p.operands[0]
	err := root.read()
	return root, err
}

// read reads the conditions of a finished expression, in their order.
func (c *condition) read() (err *ParseError) {
	if c.op == opUnread {
		*c, err = parseCondition(c.text)
		return err
	}
	for i := range c.operands {
		if err := c.operands[i].read(); err != nil {
			return err
		}
	}
	return nil
}

// nextToken cuts one of ( ) | , or a condition off the text: a regular expression from ^ to $ whatever is in it, or a
// run of other characters. The token is empty at the end of the text, and only there.
func nextToken(text string) (token, rest string) {
	start := len(text) - len(strings.TrimLeftFunc(text, isSpace))
	if start == len(text) {
		return "", ""
	}
	if text[start] == '^' {
		if end := strings.IndexByte(text[start:], '$'); end >= 0 {
			return text[start : start+end+1], text[start+end+1:]
		}
	}
	end := start
	for end < len(text) && !isStructure(text[end]) {
		end++
	}
	if end == start {
		end++
	}
	return text[start:end], text[end:]
}

func isStructure(c byte) bool {
	return c == '(' || c == ')' || c == '|' || c == ','
}

func (p *expressionParser) take(token string) *ParseError {
	if !isStructure(token[0]) {
		p.operands = append(p.operands, condition{op: opUnread, text: token})
		return nil
	}
	switch token[0] {
	case '(':
		p.operators = append(p.operators, '(')
	case ',':
		return p.push(',', "|(")
	case '|':
		return p.push('|', "(")
	case ')':
		if err := p.apply("("); err != nil {
			return err
		}
		if len(p.operators) == 0 {
			return fault(kindCondition, p.text, ")", "expression must start with '('")
		}
		p.operators = p.operators[:len(p.operators)-1]
	}
	return nil
}

func (p *expressionParser) push(operator byte, weaker string) *ParseError {
	if err := p.apply(weaker); err != nil {
		return err
	}
	p.operators = append(p.operators, operator)
	return nil
}

// apply joins operands until a weaker operator is on top of the stack.
func (p *expressionParser) apply(weaker string) *ParseError {
	for n := len(p.operators); n > 0; n-- {
		operator := p.operators[n-1]
		if strings.IndexByte(weaker, operator) >= 0 {
			return nil
		}
		if len(p.operands) < 2 {
			return fault(kindCondition, p.text, string(operator), reasonSingle)
		}
		p.operators = p.operators[:n-1]
		p.join(operator)
	}
	return nil
}

// join replaces the last two operands by one. A left side of the same operator grows, so that a long list stays flat.
func (p *expressionParser) join(operator byte) {
	op := opAll
	if operator == '|' {
		op = opEither
	}
	n := len(p.operands)
	left, right := p.operands[n-2], p.operands[n-1]
	if left.op == op {
		left.operands = append(left.operands, right)
	} else {
		left = condition{op: op, operands: []condition{left, right}}
	}
	p.operands = append(p.operands[:n-2], left)
}
