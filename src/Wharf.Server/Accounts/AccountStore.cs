using System.Data.Common;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Accounts;

/// <summary>People with their own namespaces, and what authentication must know of them and of robots.</summary>
internal sealed class AccountStore(Database db, KeyRing ring, Namespaces namespaces, MailQueue mail, AuthOptions options, AccountOptions accounts)
{
    /// <summary>The generation of a newcomer's password.</summary>
    public const long FirstCredential = 1;

    private const string PasswordPurpose = "password";

    private const string Select = """
        SELECT n.id, n.name, a.sealed_password, a.credential, a.superuser, a.enabled,
               r.namespace_id, r.credential, r.token_mac, r.expires_ms,
               CASE WHEN o.deleted_ms IS NULL AND coalesce(oa.enabled, 1) = 1 THEN 1 ELSE 0 END,
               a.verified
          FROM namespace n
          LEFT JOIN account a ON a.id = n.id
          LEFT JOIN robot r ON r.id = n.id
          LEFT JOIN namespace o ON o.id = r.namespace_id
          LEFT JOIN account oa ON oa.id = r.namespace_id
        """;

    private readonly HashSet<string> _superusers = [.. accounts.Superusers];
    private readonly HashSet<string> _readers = [.. accounts.GlobalReadOnlySuperusers];
    private readonly HashSet<string> _unrestricted = [.. accounts.RestrictedUsersWhitelist];

    // Accounts that sent a request lately; a change drops its entry in the process that makes it (contract 9).
    private volatile bool _any;
    private readonly Cache<long, AccountState> _known = new(50_000, static _ => 1, db.Freshness);

    /// <summary>Called in this process after an account changed.</summary>
    public event Action? Changed;

    /// <summary>Quay's rule for names of users, organizations and robots: 2 to 255 lower-case letters and digits, with single separators between them.</summary>
    public static bool IsValidName(string? name)
    {
        if (name is not { Length: >= 2 and <= 255 } || IsSeparator(name[0]) || IsSeparator(name[^1]))
            return false;
        for (var i = 0; i < name.Length; i++)
            if (!char.IsAsciiLetterLower(name[i]) && !char.IsAsciiDigit(name[i]) && !(IsSeparator(name[i]) && !IsSeparator(name[i - 1])))
                return false;
        return true;

        static bool IsSeparator(char c) => c is '.' or '_' or '-';
    }

    /// <summary>Whether the text is <c>owner+name</c>, the name of a robot.</summary>
    public static bool IsValidRobotName(string text) =>
        text.IndexOf('+', StringComparison.Ordinal) is > 0 and var plus && IsValidName(text[..plus]) && IsValidName(text[(plus + 1)..]);

    /// <summary>Whose robot somebody of that name is; null for the name of a person.</summary>
    public static string? OwnerOfRobot(string name) => name.IndexOf('+', StringComparison.Ordinal) is >= 0 and var plus ? name[..plus] : null;

    public bool IsSuperuserBySettings(string name) => _superusers.Contains(name) && !_readers.Contains(name);

    /// <summary>Whether the settings give whoever has the name powers that others do not have.</summary>
    public bool HasPowersBySettings(string name) => _superusers.Contains(name) || _readers.Contains(name) || _unrestricted.Contains(name);

    /// <summary>Whether the settings say that somebody reads everything and changes nothing, and so is no superuser.</summary>
    public bool IsReader(string name) => _readers.Contains(name);

    /// <summary>The account as the permission engine sees it, with what the settings say of it.</summary>
    public Principal PrincipalOf(AccountState account)
    {
        if (account.RobotOf != 0)
            return new(account.Id, account.Name, account.Credential, false) { RobotOf = account.RobotOf };
        var reads = _readers.Contains(account.Name);
        var superuser = !reads && (account.Superuser || _superusers.Contains(account.Name));
        return new(account.Id, account.Name, account.Credential, superuser)
        {
            ReadsAll = reads,
            AdministersAll = superuser && accounts.SuperusersFullAccess,
            Restricted = accounts.RestrictedUsers && !superuser && !_unrestricted.Contains(account.Name),
        };
    }

    public async ValueTask<AccountState?> FindAsync(string name, CancellationToken ct)
    {
        var epoch = _known.Epoch;
        var account = await db.OneAsync($"{Select} WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'organization'", Read, ct, ("name", name));
        // A token comes next.
        if (account is not null)
            _known.Add(account.Id, account, epoch);
        return account;
    }

    /// <summary>The person with that e-mail address.</summary>
    public ValueTask<AccountState?> FindByEmailAsync(string email, CancellationToken ct) => email.Contains('\0', StringComparison.Ordinal)
        ? new((AccountState?)null)
        : db.OneAsync($"{Select} WHERE a.email = @email AND n.deleted_ms IS NULL AND n.kind = 'user'", Read, ct, ("email", email));

    /// <summary>The account as a token's bearer; from memory where that is still right.</summary>
    public async ValueTask<AccountState?> FindAsync(long id, CancellationToken ct)
    {
        if (_known.TryGet(id, out var known))
            return known;
        var epoch = _known.Epoch;
        var account = await db.OneAsync($"{Select} WHERE n.id = @id AND n.deleted_ms IS NULL AND n.kind <> 'organization'", Read, ct, ("id", id));
        if (account is not null)
            _known.Add(id, account, epoch);
        return account;
    }

    /// <summary>The account that had the name then, or that number; without what is not recorded: passwords and tokens.</summary>
    public ValueTask<AccountState?> FindAsOfAsync(string? name, long id, long atMs, CancellationToken ct) => db.OneAsync(History.AsOf + """
        SELECT n.id, n.name, a.superuser, a.enabled, a.verified, r.namespace_id, r.expires_ms, CASE WHEN o.deleted_ms IS NULL AND coalesce(oa.enabled, 1) = 1 THEN 1 ELSE 0 END
          FROM namespace n
          LEFT JOIN account a ON a.id = n.id
          LEFT JOIN robot r ON r.id = n.id
          LEFT JOIN namespace o ON o.id = r.namespace_id
          LEFT JOIN account oa ON oa.id = r.namespace_id
         WHERE (n.name = @name OR n.id = @id) AND n.deleted_ms IS NULL AND (a.id IS NOT NULL OR r.id IS NOT NULL)
        """,
        static r => r.IsDBNull(5)
            ? new AccountState(r.GetInt64(0), r.GetString(1), [], 0, r.GetInt64(2) == 1, r.GetInt64(3) == 1 && r.GetInt64(4) == 1) { Unverified = r.GetInt64(4) == 0 }
            : new AccountState(r.GetInt64(0), r.GetString(1), [], 0, false, r.GetInt64(7) == 1) { RobotOf = r.GetInt64(5), ExpiresMs = r.IsDBNull(6) ? null : r.GetInt64(6) },
        ct, ("name", name), ("id", id), ("at", atMs));

    /// <summary>The robot whose token begins so.</summary>
    public ValueTask<AccountState?> FindByTokenAsync(string tokenId, CancellationToken ct) =>
        db.OneAsync($"{Select} WHERE r.token_id = @token AND n.deleted_ms IS NULL", Read, ct, ("token", tokenId));

    /// <summary>Whether anybody has an account; where that was so, it stays so.</summary>
    public async ValueTask<bool> AnyAsync(CancellationToken ct) => _any || (_any = await db.OneAsync("SELECT 1 FROM account LIMIT 1", static r => r.GetInt32(0), ct) == 1);

    /// <summary>Makes a person and the namespace of the same name.</summary>
    /// <param name="onlyFirst">Refuse when there is an account already (the first user of a registry).</param>
    /// <param name="by">Who makes it, or 0 for the newcomer or the registry itself.</param>
    /// <param name="confirm">The code that is mailed to the address, without which the account cannot be used; null where nothing is to be confirmed.</param>
    /// <returns>With a code to be confirmed, neither a number nor a problem where the address has an account already.</returns>
    public async Task<NewAccount> CreateAsync(string name, string? email, string password, bool superuser, bool onlyFirst, long by, CancellationToken ct, FreshCode? confirm = null)
    {
        if (!IsValidName(name))
            return new(0, "A user name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        if (!PasswordHash.IsAcceptable(password))
            return new(0, "A password has at least 8 characters.");
        var sealedPassword = HashAndSeal(password);
        return await db.WriteAsync<NewAccount>(async tx =>
        {
            if (onlyFirst && await tx.OneAsync("SELECT 1 FROM account LIMIT 1", static r => r.GetInt32(0)) == 1)
                return new(0, "There are users already.");
            if (email is not null
                && await tx.OneAsync("SELECT n.name FROM account a JOIN namespace n ON n.id = a.id WHERE a.email = @email", static r => r.GetString(0), ("email", email)) is { } owner)
            {
                if (confirm is null)
                    return new(0, "The e-mail address is in use.");
                // A stranger is told nothing; who reads the address's mail is.
                await mail.AddAsync(tx, AccountLetters.AlreadyKnown(email, owner));
                return new(0, null);
            }
            var made = await namespaces.ClaimAsync(tx, name, "user", by);
            if (made.Problem is not null)
                return made;
            var id = made.Id;
            await tx.ExecuteAsync("""
                INSERT INTO account (id, email, sealed_password, credential, superuser, enabled, created_ms, verified)
                VALUES (@id, @email, @password, @credential, @superuser, 1, now_ms(), @verified)
                """, ("id", id), ("credential", FirstCredential), ("email", email), ("password", sealedPassword), ("superuser", superuser ? 1 : 0), ("verified", confirm is null ? 1 : 0));
            if (confirm is not null)
            {
                await MailCodes.StoreAsync(tx, confirm, MailCodes.Confirm, id, FirstCredential, email!, MailCodes.ConfirmLife);
                // Where that is one mail too many, setting a new password confirms the address too.
                await mail.AddAsync(tx, AccountLetters.Confirm(email!, name, confirm.Code));
            }
            await Events.AddAsync(tx, "account.created", id, null, null, $$"""{"by":{{by}}}""");
            return new(id, null);
        }, ct);
    }

    /// <summary>Stores the same password with today's work factor; changes nothing when the password changed meanwhile.</summary>
    public Task StrengthenAsync(AccountState account, string password, CancellationToken ct)
    {
        var sealedPassword = HashAndSeal(password);
        return db.WriteAsync(async tx =>
        {
            tx.OnCommit(() => Drop(account.Id));
            return await tx.ExecuteAsync("UPDATE account SET sealed_password = @password WHERE id = @id AND credential = @credential",
                ("password", sealedPassword), ("id", account.Id), ("credential", account.Credential));
        }, ct);
    }

    /// <summary>Seals every password hash anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync("SELECT id, sealed_password FROM account", static r => (Id: r.GetInt64(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE account SET sealed_password = @sealed WHERE id = @id", ("sealed", Seal(Unseal(row.Sealed))), ("id", row.Id));
        tx.OnCommit(_known.DropAll);
        return rows.Count;
    }

    public byte[] Unseal(byte[] sealedPassword) => ring.Unseal(PasswordPurpose, sealedPassword);

    /// <summary>A new password as the database keeps it.</summary>
    public byte[] HashAndSeal(string password) => Seal(PasswordHash.Create(password, options.PasswordRounds));

    private byte[] Seal(byte[] hash) => ring.Seal(PasswordPurpose, hash);

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (Permissions.ConcernsNamespace(happened.Kind) || happened.Kind is "account.confirmed" or "robot.changed" or "robot.deleted" or "robot.regenerated")
            DropAll();
    }

    /// <summary>An account and the robots of its namespace changed.</summary>
    public void DropAll()
    {
        _known.DropAll();
        Changed?.Invoke();
    }

    /// <summary>The account changed, here or in another process.</summary>
    public void Drop(long id)
    {
        _known.Drop(id);
        Changed?.Invoke();
    }

    private static AccountState Read(DbDataReader r) => r.IsDBNull(6)
        ? new(r.GetInt64(0), r.GetString(1), r.GetFieldValue<byte[]>(2), r.GetInt64(3), r.GetInt64(4) == 1, r.GetInt64(5) == 1 && r.GetInt64(11) == 1) { Unverified = r.GetInt64(11) == 0 }
        : new(r.GetInt64(0), r.GetString(1), [], r.GetInt64(7), false, r.GetInt64(10) == 1)
        {
            RobotOf = r.GetInt64(6),
            TokenMac = r.GetFieldValue<byte[]>(8),
            ExpiresMs = r.IsDBNull(9) ? null : r.GetInt64(9),
        };
}
