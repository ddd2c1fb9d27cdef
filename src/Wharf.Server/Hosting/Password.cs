namespace Wharf.Server.Hosting;

/// <summary>Reads a password: from a pipe its first line, from a terminal without showing it.</summary>
internal static class Password
{
    private const int MaxLength = 4096;

    /// <summary>Null when it is empty or too long.</summary>
    public static async Task<string?> ReadAsync(CancellationToken ct)
    {
        var password = Console.IsInputRedirected ? await FirstLineAsync(ct) : Typed();
        return password.Length is 0 or > MaxLength ? null : password;
    }

    private static async Task<string> FirstLineAsync(CancellationToken ct)
    {
        var buffer = new char[MaxLength + 2];
        var length = await Console.In.ReadBlockAsync(buffer, ct);
        var text = buffer.AsSpan(0, length);
        var end = text.IndexOf('\n');
        return (end < 0 ? text : text[..end]).TrimEnd('\r').ToString();
    }

    private static string Typed()
    {
        Console.Error.Write("Password: ");
        var typed = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key != ConsoleKey.Backspace) typed.Append(key.KeyChar);
            else if (typed.Length > 0) typed.Length--;
        }

        Console.Error.WriteLine();
        return typed.ToString();
    }
}
