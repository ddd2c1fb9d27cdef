using System.Text;

namespace Wharf.Tests.Oci;

/// <summary>Manifests as clients write them, by hand, with the media type they are pushed under.</summary>
internal static class ManifestCorpus
{
    public const string A = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    public const string B = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    public const string C = "sha512:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
    public const string Empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";

    public const string Image = $$"""
        {"schemaVersion":2,"mediaType":"{{OciManifest}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{A}}","size":1470},
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{{B}}","size":2206931},
        {"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd","digest":"{{C}}","size":17,"annotations":{"io.github.containers.zstd-chunked.manifest-position":"10:20:30:1"} }],
        "annotations":{"org.opencontainers.image.created":"2026-01-01T00:00:00Z","com.example.é":"ü\n"}
        }
        """;

    public const string ImageIndex = $$"""
        {"schemaVersion":2,"mediaType":"{{OciIndex}}","manifests":[
        {"mediaType":"{{OciManifest}}","digest":"{{A}}","size":610,"platform":{"architecture":"amd64","os":"linux"} },
        {"mediaType":"{{OciManifest}}","digest":"{{B}}","size":610,"platform":{"architecture":"arm","os":"linux","variant":"v7","os.features":["x"]} },
        {"mediaType":"{{OciIndex}}","digest":"{{C}}","size":99,"artifactType":"application/vnd.example+type"}]}
        """;

    public const string Docker = $$"""
        {
           "schemaVersion": 2,
           "mediaType": "{{DockerManifest}}",
           "config": { "mediaType": "application/vnd.docker.container.image.v1+json", "size": 1457, "digest": "{{A}}" },
           "layers": [
              { "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": 30, "digest": "{{B}}", "urls": ["https://example.com/layer"] },
              { "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 2206931, "digest": "{{C}}" }
           ]
        }

        """;

    public const string List = $$"""
        {"schemaVersion":2,"mediaType":"{{DockerList}}","manifests":[{"mediaType":"{{DockerManifest}}","size":528,"digest":"{{A}}","platform":{"architecture":"amd64","os":"linux"} }]}
        """;

    public const string Artifact = $$"""
        {"schemaVersion":2,"mediaType":"{{OciManifest}}","artifactType":"application/vnd.dev.cosign.artifact.sig.v1+json",
        "config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{Empty}}","size":2,"data":"e30="},
        "layers":[{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{{Empty}}","size":2,"data":"e30="}],
        "subject":{"mediaType":"{{OciManifest}}","digest":"{{B}}","size":610},"x.custom":{"deep":[1,2.5,-0e1,true,null,"\ud83d\ude00"]},"annotations":null}
        """;

    public const string Bare = $$"""
        {"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{{A}}","size":0},"layers":null}
        """;

    public static readonly (string Text, string Type)[] All =
        [(Image, OciManifest), (ImageIndex, OciIndex), (Docker, DockerManifest), (List, DockerList), (Artifact, OciManifest), (Bare, OciManifest)];

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
