using Wharf.Server.Hosting;
using Wharf.Storage;
using Wharf.Storage.Azure;
using Wharf.Storage.Local;
using Wharf.Storage.S3;

namespace Wharf.Server.Content;

/// <summary>The places that keep blobs, in the order in which they are asked.</summary>
internal sealed partial class Locations : IDisposable
{
    /// <summary>How long a store that fails is left alone.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    public Locations(params IEnumerable<Location> all)
    {
        All = [.. all];
    }

    /// <summary>The preferred one first.</summary>
    public IReadOnlyList<Location> All { get; }

    /// <summary>Where new blobs go.</summary>
    public Location Primary => All[0];

    /// <exception cref="CannotStartException">A directory cannot be used.</exception>
    public static Locations Create(StorageOptions options, DataDirectory data, ILogger<Locations> logger) =>
        options.Locations.Count == 0
            ? new(new Location(StorageOptions.Local, OpenDirectory("Storage.Directory", options.Directory, data), new LocationOptions()))
            : new(options.Order().Select(name => new Location(name, Open(name, options.Locations[name], data, logger), options.Locations[name])));

    /// <summary>The location of this name; null when the settings do not name it.</summary>
    public Location? Find(string name) => All.FirstOrDefault(l => l.Name == name);

    /// <summary>The location that a row names.</summary>
    /// <exception cref="StorageException">The settings do not name it.</exception>
    public Location Of(string name) => Find(name) ?? throw new StorageException($"The database names a location '{name}', which is not among Storage.Locations of the settings.");

    /// <summary>How early the location is asked; null when the settings do not name it.</summary>
    public int? RankOf(string name)
    {
        for (var i = 0; i < All.Count; i++)
            if (All[i].Name == name)
                return i;
        return null;
    }

    public void Dispose()
    {
        foreach (var location in All)
            (location.Driver as IDisposable)?.Dispose();
    }

    // A disk of this machine answers, or says at once what is wrong.
    private static IBlobDriver Open(string name, LocationOptions o, DataDirectory data, ILogger<Locations> logger) =>
        o.Kind == StorageKind.Local ? OpenDirectory($"Storage.Locations.{name}.Path", o.Path, data) : new GuardedDriver(Open(o), name, gone => Tell(logger, name, gone), s_pause);

    private static LocalDriver OpenDirectory(string setting, string path, DataDirectory data)
    {
        try
        {
            return new LocalDriver(path.Length > 0 ? path : data.File("storage"));
        }
        catch (StorageException e)
        {
            throw new CannotStartException($"{setting}: {e.Message} Name a directory that can be made, and written by the server's user.", e);
        }
    }

    private static void Tell(ILogger<Locations> logger, string name, bool gone)
    {
        if (gone)
            Log.Gone(logger, name, s_pause.TotalSeconds);
        else
            Log.Back(logger, name);
    }

    private static IBlobDriver Open(LocationOptions o) => o.Kind switch
    {
        StorageKind.S3 => new S3Driver(new S3Options
        {
            Endpoint = o.Endpoint,
            PublicEndpoint = o.PublicEndpoint,
            Bucket = o.Bucket,
            Prefix = o.Prefix,
            Region = o.Region,
            AccessKey = Given(o.AccessKey.Reveal()),
            SecretKey = Given(o.SecretKey.Reveal()),
            SessionToken = Given(o.SessionToken.Reveal()),
            RoleArn = Given(o.RoleArn),
            ExternalId = Given(o.ExternalId),
            StsEndpoint = o.StsEndpoint,
            PathStyle = o.PathStyle ?? o.Endpoint is not null,
            Encryption = Given(o.Encryption),
            KmsKey = Given(o.KmsKey.Reveal()),
            CaFile = Given(o.CaFile),
            Proxy = o.Proxy,
            PartBytes = (int)o.PartSize.Bytes,
            CloudFront = o.CloudFront is { } address ? new CloudFrontOptions { Address = address, KeyPairId = o.CloudFrontKeyPairId, KeyFile = o.CloudFrontKeyFile } : null,
        }),
        StorageKind.Azure => new AzureDriver(new AzureOptions
        {
            Account = o.Account,
            Container = o.Container,
            Prefix = o.Prefix,
            Endpoint = o.Endpoint,
            PublicEndpoint = o.PublicEndpoint,
            Key = Given(o.AccountKey.Reveal()),
            Sas = Given(o.Sas.Reveal()),
            ClientId = Given(o.ClientId),
            CaFile = Given(o.CaFile),
            Proxy = o.Proxy,
            PartBytes = (int)o.PartSize.Bytes,
        }),
        _ => throw new ArgumentOutOfRangeException(nameof(o)),
    };

    private static string? Given(string text) => text.Length > 0 ? text : null;

    private static partial class Log
    {
        [LoggerMessage(381, LogLevel.Error, "The location {Location} fails; it is asked again in {Seconds} s")]
        public static partial void Gone(ILogger logger, string location, double seconds);

        [LoggerMessage(382, LogLevel.Information, "The location {Location} answers again")]
        public static partial void Back(ILogger logger, string location);
    }
}
