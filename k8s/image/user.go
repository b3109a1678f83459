package image

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// User is who an image's processes run as, in numbers, as a security context needs them.
type User struct {
	UID    int64   `json:"uid"`
	GID    int64   `json:"gid"`
	Name   string  `json:"name,omitempty"`
	Home   string  `json:"home"`
	Groups []int64 `json:"groups,omitempty"` // supplementary
}

// Root reports whether the user may do anything.
func (u User) Root() bool { return u.UID == 0 }

// maxID is the largest user or group ID that Linux knows and Kubernetes takes.
const maxID = 1<<31 - 1

// maxTable is the most of /etc/passwd or /etc/group that is read, in bytes.
const maxTable = 1 << 20

// ResolveUser finds out whom the USER of an image configuration means, by /etc/passwd and /etc/group in its file system.
// spec is "", user, user:group or uid:gid in any mixture. The rules are those of container runtimes:
//
//   - nothing is root, as is the ID 0; names come before numbers, and of several lines the first counts;
//   - a number without a line in passwd is the user of that number with the group 0 and the home "/";
//   - a group, if given, takes the place of the user's own, and the supplementary groups are then not looked up.
//
// The error is a *[Error] of code [UnknownUser] for a name that nobody has, or a number that is too large.
func ResolveUser(fsys fs.FS, spec string) (User, error) {
	name, group, hasGroup := strings.Cut(spec, ":")
	if name == "" {
		name = "0"
	}
	passwd, err := readTable(fsys, "etc/passwd")
	if err != nil {
		return User{}, err
	}
	groups, err := readTable(fsys, "etc/group")
	if err != nil {
		return User{}, err
	}
	user, ok := findUser(passwd, name)
	if !ok {
		uid, ok := parseID(name)
		if !ok {
			return User{}, refuse(UnknownUser, "the image's USER %q is not in its /etc/passwd", short(spec))
		}
		user = User{UID: uid, Home: "/"}
	}
	if !hasGroup || group == "" {
		user.Groups = groupsOf(groups, user)
		return user, nil
	}
	if user.GID, ok = findGroup(groups, group); !ok {
		return User{}, refuse(UnknownUser, "the group of the image's USER %q is not in its /etc/group", short(spec))
	}
	return user, nil
}

// readTable reads a table of lines with fields between colons. One that is not there is empty.
func readTable(fsys fs.FS, name string) ([][]string, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxTable {
		return nil, nil //nolint:nilerr // a runtime goes on without the table as well
	}
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, ErrNotKept) {
		return nil, nil
	}
	return parseTable(data), err
}

// parseTable takes a table apart. Lines without a colon say nothing.
func parseTable(data []byte) [][]string {
	var rows [][]string
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxTable+1)
	for lines.Scan() {
		fields := strings.SplitN(strings.TrimSpace(lines.Text()), ":", 8)
		if len(fields) > 2 && fields[0] != "" && !strings.HasPrefix(fields[0], "#") {
			rows = append(rows, fields)
		}
	}
	return rows
}

// findUser looks a user up in rows of name:password:uid:gid:comment:home:shell, by name, else by number.
func findUser(rows [][]string, name string) (User, bool) {
	for _, by := range []int{0, 2} {
		for _, row := range rows {
			if len(row) < 4 || row[by] != name {
				continue
			}
			uid, ok := parseID(row[2])
			gid, too := parseID(row[3])
			if !ok || !too {
				continue
			}
			user := User{UID: uid, GID: gid, Name: row[0], Home: "/"}
			if len(row) > 5 && strings.HasPrefix(row[5], "/") {
				user.Home = row[5]
			}
			return user, true
		}
	}
	return User{}, false
}

// findGroup looks a group up in rows of name:password:gid:members, by name, else takes it for a number.
func findGroup(rows [][]string, name string) (int64, bool) {
	for _, row := range rows {
		if row[0] == name {
			if gid, ok := parseID(row[2]); ok {
				return gid, true
			}
		}
	}
	return parseID(name)
}

// groupsOf returns the groups that list the user as a member, in rising order.
func groupsOf(rows [][]string, user User) []int64 {
	var list []int64
	for _, row := range rows {
		if user.Name == "" || len(row) < 4 {
			continue
		}
		gid, ok := parseID(row[2])
		if ok && gid != user.GID && slices.Contains(strings.Split(row[3], ","), user.Name) {
			list = append(list, gid)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func parseID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id >= 0 && id <= maxID
}
